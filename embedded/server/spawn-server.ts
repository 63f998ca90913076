import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, stat, truncate } from 'node:fs/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { loopback } from './loopback.ts';
import type { ServerFiles } from './server-files.ts';

const maximumLogBytes = 1_000_000;
const tailBytes = 2_000;

/** What a server needs of the environment. Secrets stay out: it outlives the command that has them. */
const passedVariables = ['PATH', 'HOME', 'USER', 'TMPDIR', 'TZ', 'LANG'];

/**
 * Starts a server that outlives this process, on loopback only, and returns its pid. It does not answer yet.
 *
 * It is detached, or Ctrl-C in the terminal would end the server together with the command that still drains.
 */
export async function spawnServer(
  files: ServerFiles,
  { cliPath, port, uiPort }: { readonly cliPath: string; readonly port: number; readonly uiPort: number | null },
): Promise<{ readonly pid: number; readonly logOffset: number }> {
  const logOffset = await prepareLog(files.log);
  const log = await open(files.log, 'a', 0o600);
  try {
    const child = spawn(cliPath, listArguments(files, port, uiPort), {
      cwd: files.folder,
      detached: true,
      env: Object.fromEntries(passedVariables.map((name) => [name, process.env[name]])),
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    if (child.pid === undefined) await once(child, 'spawn'); // rejects with what went wrong
    child.on('error', () => undefined);
    return { pid: child.pid ?? 0, logOffset };
  } catch (error) {
    throw new EvaluationError('temporal-failed', `${cliPath} could not be started: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    await log.close();
  }
}

/** The last lines that a server wrote since it was started. */
export async function readLogTail(files: ServerFiles, logOffset: number): Promise<string> {
  const log = await open(files.log, 'r');
  try {
    const { size } = await log.stat();
    const start = Math.max(logOffset, size - tailBytes);
    const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(Math.max(0, size - start)), position: start });
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await log.close();
  }
}

function listArguments(files: ServerFiles, port: number, uiPort: number | null): readonly string[] {
  const pages = uiPort === null ? ['--headless'] : ['--ui-ip', loopback, '--ui-port', String(uiPort)];
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  const place = ['--ip', loopback, '--port', String(port), '--db-filename', files.database];
  return ['server', 'start-dev', ...place, ...pages, ...pragmas, '--log-level', 'error'];
}

/** The log of earlier starts stays until it is long. */
async function prepareLog(path: string): Promise<number> {
  const sizeBytes = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (sizeBytes <= maximumLogBytes) return sizeBytes;
  await truncate(path);
  return 0;
}
