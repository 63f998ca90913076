import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { identifyProcess } from '../process-registry.ts';
import { completeStamp, prepareDatabase, probeDatabase, readStamp, setDatabaseAside } from './database.ts';
import { findServerProcess } from './find-server-process.ts';
import { findFreePort, isListening } from './loopback.ts';
import { locateServerFiles, type ServerFiles } from './server-files.ts';
import { isServerAlive, readServerRecord, type ServerRecord, writeServerRecord } from './server-record.ts';
import { readLogTail, spawnServer } from './spawn-server.ts';
import type { ServingOutcome } from './wait-until-serving.ts';

export interface StartOptions {
  readonly storeDirectory: string;
  readonly cliPath: string;
  readonly cliVersion: string;
  readonly ui: boolean;
  readonly onNotice: (line: string) => void;
  /** Whether some other live process of this machine is registered with the store. */
  readonly isShared: () => Promise<boolean>;
  /** Called once nothing is left to do but to wait for the server: the time to load what is needed after that. */
  readonly onWaiting?: () => void;
}

export interface RunningServer {
  readonly record: ServerRecord;
  readonly startedHere: boolean;
  /** Whether this start made the database. */
  readonly isFresh: boolean;
  readonly databaseWholeSince: string;
}

const startTimeoutMs = 30_000;
const databaseReleaseTimeoutMs = 5_000;
const stoppingPatienceMs = 10_000;
const pollEveryMs = 40;
const maximumStarts = 3;

/**
 * Joins the live server of a store, or starts one: on the port of the last, so that clients which lost it find it
 * again. The caller holds the lock of the store's server.
 *
 * @throws {EvaluationError} `temporal-failed` with the end of the server's log.
 */
export async function joinOrStartServer(options: StartOptions): Promise<RunningServer> {
  const files = locateServerFiles(options.storeDirectory);
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  let record = await readServerRecord(files);
  if (record !== undefined && record.state !== 'stopping') {
    const joined = await joinServer(files, record, options);
    if (joined !== undefined) return joined;
    record = (await readServerRecord(files)) ?? record;
  }
  // A server told to stop has closed its port at once but keeps the database for a second, which does no harm.
  if (record?.state !== 'stopping' || !isServerAlive(record) || killOverdue(record)) {
    const found = await findUnrecordedServer(files, options);
    const joined = found === undefined ? undefined : await joinServer(files, found, options);
    if (joined !== undefined) return joined;
  }
  return startServer(files, record, options);
}

/** Sends the end to a recorded server and does not wait for it: it takes a second. The caller holds the lock. */
export async function stopServer(files: ServerFiles, record: ServerRecord): Promise<void> {
  if (!isServerAlive(record)) return;
  await writeServerRecord(files, { ...record, state: 'stopping' });
  signal(record.pid, 'SIGTERM');
}

/** Undefined when the server is dead, dies meanwhile, or has just been stopped to come back with its web pages. */
async function joinServer(
  files: ServerFiles,
  record: ServerRecord,
  options: StartOptions,
): Promise<RunningServer | undefined> {
  if (!isServerAlive(record)) return undefined;
  if (options.ui && record.uiPort === null) {
    if (!(await options.isShared())) {
      await stopServer(files, record);
      return undefined;
    }
    options.onNotice(
      "The server of this store runs without Temporal's web pages. They come once no other command uses it.",
    );
  }
  // An older release may have started it, which knew fewer search attributes.
  const isSetUp = record.state === 'ready' && record.searchAttributes === nameSearchAttributes();
  if (!isSetUp || !(await isListening(record.port))) {
    const outcome = await waitForServer(record, options);
    if (outcome === 'ended') return undefined;
    if (outcome === 'timed-out') throw describeSilence(files, record);
    await recordReady(files, record);
  }
  return {
    record,
    startedHere: false,
    isFresh: false,
    databaseWholeSince: (await readStamp(files))?.wholeSince ?? record.stateSince,
  };
}

/** Temporal's client takes as long to load as its server to come up, so it is loaded only now, meanwhile. */
async function waitForServer(record: ServerRecord, { onWaiting }: StartOptions): Promise<ServingOutcome> {
  onWaiting?.();
  const { waitUntilServing } = await import('./wait-until-serving.ts');
  return waitUntilServing({
    port: record.port,
    timeoutMs: startTimeoutMs,
    isAlive: () => isServerAlive(record),
  });
}

async function recordReady(files: ServerFiles, record: ServerRecord): Promise<void> {
  await completeStamp(files);
  await writeServerRecord(files, { ...record, state: 'ready', searchAttributes: nameSearchAttributes() });
}

function nameSearchAttributes(): string {
  return Object.keys(searchAttributes).join(' ');
}

function killOverdue(record: ServerRecord): boolean {
  const isOverdue = Date.now() - Date.parse(record.stateSince) > stoppingPatienceMs;
  if (isOverdue) signal(record.pid, 'SIGKILL');
  return isOverdue;
}

/** Waits until nobody has the database open, unless it turns out to be a server whose record is missing. */
async function findUnrecordedServer(
  files: ServerFiles,
  { cliVersion, onNotice }: StartOptions,
): Promise<ServerRecord | undefined> {
  const deadline = performance.now() + databaseReleaseTimeoutMs;
  for (;;) {
    const state = probeDatabase(files.database);
    if (state === 'damaged') await setDatabaseAside(files, { reason: 'it is damaged', onNotice });
    if (state !== 'in-use') return undefined;
    const found = await findServerProcess(files.database);
    if (found !== undefined) {
      const { port, uiPort } = found;
      const server = {
        ...identifyProcess(found.pid),
        port,
        uiPort,
        cliVersion,
        nonce: randomUUID(),
        state: 'starting' as const,
      };
      await writeServerRecord(files, server);
      return { ...server, stateSince: new Date().toISOString() };
    }
    if (performance.now() > deadline) {
      throw new EvaluationError('temporal-failed', `Another program has Temporal's database open: ${files.database}.`, {
        hint: 'It may be a command of Stet in another container or on another machine, or a database viewer. End it and try again.',
      });
    }
    await sleep(pollEveryMs);
  }
}

async function startServer(
  files: ServerFiles,
  last: ServerRecord | undefined,
  options: StartOptions,
): Promise<RunningServer> {
  const { cliPath, cliVersion, ui, onNotice } = options;
  const wished = { port: last?.port, uiPort: last?.uiPort };
  for (let start = 1; ; start++) {
    const { isFresh, stamp } = await prepareDatabase(files, { cliVersion, onNotice });
    const port = await findFreePort(start === 1 ? wished.port : undefined);
    const uiPort = ui ? await findFreePort(start === 1 ? wished.uiPort : undefined, [port]) : null;
    const { pid, logOffset } = await spawnServer(files, { cliPath, port, uiPort });
    const server = { ...identifyProcess(pid), port, uiPort, cliVersion, nonce: randomUUID() };
    const record: ServerRecord = { ...server, state: 'starting', stateSince: new Date().toISOString() };
    await writeServerRecord(files, record);
    const outcome = await waitForServer(record, options);
    if (outcome === 'serving') {
      await recordReady(files, record);
      return { record, startedHere: true, isFresh, databaseWholeSince: stamp.wholeSince };
    }
    if (outcome === 'timed-out') signal(pid, 'SIGKILL');
    const tail = await readLogTail(files, logOffset);
    if (!isFresh && /malformed|not a database|no such table/i.test(tail)) {
      await setDatabaseAside(files, { reason: 'it is damaged', onNotice });
    } else if (outcome === 'timed-out' || !/address already in use/i.test(tail) || start >= maximumStarts) {
      throw describeFailure(files, outcome, tail);
    }
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has just ended by itself
  }
}

function describeSilence(files: ServerFiles, { pid, port }: ServerRecord): EvaluationError {
  return new EvaluationError(
    'temporal-failed',
    `The embedded server (pid ${pid}, port ${port}) has not answered for ${startTimeoutMs / 1000} s.`,
    {
      hint: `End it (\`kill ${pid}\`) and try again; its log is ${files.log}.`,
    },
  );
}

function describeFailure(files: ServerFiles, outcome: 'ended' | 'timed-out', tail: string): EvaluationError {
  const what = outcome === 'ended' ? 'ended at once' : `did not answer within ${startTimeoutMs / 1000} s`;
  const log = tail === '' ? 'It wrote nothing.' : `The end of its log:\n${tail}`;
  return new EvaluationError('temporal-failed', `The embedded server ${what}. ${log}`, {
    hint: `The whole log is ${files.log}.`,
  });
}
