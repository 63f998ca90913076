import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../../bench/servers/free-port.ts';
import { type GuardedProcess, startGuarded } from '../../../bench/servers/guarded-process.ts';

/** Where a test server listens, and its keys. */
export interface S3Address {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A real S3 server on the loopback interface, with its files in a folder of its own. */
export interface S3Server extends AsyncDisposable {
  readonly address: S3Address;
}

const startAttempts = 5;
const pollMs = 25;

/** @param program - As `findVersitygw` found it. */
export async function startS3(program: string): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-s3-'));
  // Versions of S3's metadata in files beside, since not every file system has extended attributes.
  const [data, metadata] = [path.join(folder, 'data'), path.join(folder, 'metadata')];
  await mkdir(data);
  await mkdir(metadata);
  const keys = { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: randomBytes(20).toString('hex') };

  let server: GuardedProcess | undefined;
  const launch = async (attempt = 1): Promise<S3Address> => {
    const port = await findFreePort();
    const started = startGuarded(program, ['--port', `127.0.0.1:${port}`, 'posix', '--sidecar', metadata, data], {
      cwd: folder,
      environment: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
    });
    server = started;
    while (!(await isListening(port))) {
      if (started.isRunning) await sleep(pollMs);
      else if (attempt < startAttempts)
        return launch(attempt + 1); // somebody else took the port
      else throw new Error(`versitygw did not start:\n${started.output}`);
    }
    return { endpoint: `http://127.0.0.1:${port}`, ...keys };
  };
  const dispose = async () => {
    await server?.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { address: await launch(), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
