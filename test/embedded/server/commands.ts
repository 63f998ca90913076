import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ServerRecord } from '../../../embedded/server/server-record.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Makes one program of a source file, so that tests can run what is in the tree now as a process of its own. */
export async function buildCommand(name: string): Promise<string> {
  const outfile = join(repository, 'dist', '.test', `${name}.mjs`);
  await build({
    entryPoints: [join(repository, 'test', 'embedded', 'server', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return outfile;
}

export interface HoldingCommand {
  readonly process: ChildProcess;
  readonly address: string;
  readonly startedHere: boolean;
  readonly isFresh: boolean;
  readonly databaseWholeSince: string;
  readonly notices: string;
}

/** Starts a command and resolves once it has its share in the server. */
export async function startCommand(program: string, words: readonly string[]): Promise<HoldingCommand> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  let notices = '';
  child.stderr.on('data', (chunk: Buffer) => {
    notices += chunk.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`The command ended with ${code}: ${notices}`)));
  });
  return { process: child, ...(JSON.parse(line) as Omit<HoldingCommand, 'process' | 'notices'>), notices };
}

/** Lets a command release its share and end. */
export async function finishCommand(command: HoldingCommand): Promise<void> {
  const ended = once(command.process, 'exit');
  command.process.stdin?.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`The command ended with ${code}.`);
}

export function readRecord(storeDirectory: string): ServerRecord {
  return JSON.parse(readFileSync(join(storeDirectory, 'temporal', 'server.json'), 'utf8')) as ServerRecord;
}

/** Resolves once a process is gone, however it was started; fails after ten seconds. */
export async function waitForEnd(isAlive: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; isAlive(); await sleep(20)) {
    if (Date.now() > deadline) throw new Error('The process has not ended.');
  }
}
