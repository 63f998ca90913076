import { readdir, readFile } from 'node:fs/promises';
import { runTool } from './run-tool.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly uiPort: number | null;
}

/**
 * Finds the running server of a database by its command line: the way back to one whose starter was killed before it
 * had written the record. Undefined when there is none, or none that this process can see.
 */
export async function findServerProcess(database: string): Promise<ServerProcess | undefined> {
  const candidates = process.platform === 'linux' ? await listFromProc() : await listFromPs();
  for (const { pid, words } of candidates) {
    const isServer = words.includes('start-dev') && readOption(words, '--db-filename') === database;
    const port = Number(readOption(words, '--port'));
    if (!isServer || !Number.isInteger(port)) continue;
    const uiPort = readOption(words, '--ui-port');
    return { pid, port, uiPort: uiPort === undefined ? null : Number(uiPort) };
  }
  return undefined;
}

interface RunningCommand {
  readonly pid: number;
  readonly words: readonly string[];
}

async function listFromProc(): Promise<readonly RunningCommand[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      words: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0'),
    })),
  );
}

/** `ps` joins words by spaces, so a path with a space in it is not found here. */
async function listFromPs(): Promise<readonly RunningCommand[]> {
  const outcome = await runTool('ps', ['-axww', '-o', 'pid=,args='], { environment: process.env, timeoutMs: 5_000 });
  if (outcome.state !== 'done') return [];
  return outcome.output.split('\n').map((line) => {
    const [pid, ...words] = line.trim().split(/ +/);
    return { pid: Number(pid), words };
  });
}

function readOption(words: readonly string[], name: string): string | undefined {
  const index = words.indexOf(name);
  return index === -1 ? undefined : words[index + 1];
}
