import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

const pollEveryMs = 50;

/** Processes, this one apart, that name the folder on their command line: commands on its stores and their servers. */
export async function findProcesses(folder: string): Promise<readonly FoundProcess[]> {
  const found = existsSync('/proc/self/cmdline') ? await listFromProc() : await listFromPs();
  return found.filter(({ pid, command }) => pid !== process.pid && command.includes(folder));
}

/** Those that are still there after some time. */
export async function waitForNoProcess(folder: string, patienceMs: number): Promise<readonly FoundProcess[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await findProcesses(folder);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(pollEveryMs);
  }
}

/** The Temporal server of a store, if one runs: its record may be that of a dead one whose pid is another's by now. */
export async function findTemporalServer(store: string): Promise<FoundProcess | undefined> {
  const database = path.join(store, 'temporal', 'temporal.db');
  return (await findProcesses(database)).find(({ command }) => command.includes('start-dev'));
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends, as if killed, whatever works in the folder, what it has just started included. */
export async function killProcesses(folder: string): Promise<void> {
  for (;;) {
    const left = await findProcesses(folder);
    if (left.length === 0) return;
    for (const { pid } of left) signalProcess(pid, 'SIGKILL');
    await sleep(pollEveryMs);
  }
}

/** A zombie has no command line and so is not among them. */
async function listFromProc(): Promise<readonly FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    })),
  );
}

async function listFromPs(): Promise<readonly FoundProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,args=']);
  return stdout.split('\n').map((line) => {
    const { pid, command } = /^\s*(?<pid>\d+) (?<command>.*)$/.exec(line)?.groups ?? {};
    return { pid: Number(pid), command: command ?? '' };
  });
}
