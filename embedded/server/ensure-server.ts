import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { RunLog } from '../../storage/run-log.ts';
import { isRunningHere } from '../process-registry.ts';
import { readStamp } from './database.ts';
import { isListening, loopback } from './loopback.ts';
import { locateServerFiles } from './server-files.ts';
import { isServerAlive, readServerRecord } from './server-record.ts';
import { joinOrStartServer, stopServer } from './start-server.ts';
import { withLock } from './with-lock.ts';

export interface ServerOptions {
  readonly storeDirectory: string;
  readonly cliPath: string;
  readonly cliVersion: string;
  /** Whether Temporal's web pages are wanted. */
  readonly ui?: boolean;
  /** The calling process, already registered in `runs`: that keeps others from stopping the server it is about to use. */
  readonly processId: string;
  readonly runs: Pick<RunLog, 'listProcesses' | 'removeProcess'>;
  /** Gets lines for people, only when something is odd. */
  readonly onNotice: (line: string) => void;
  /** Called once the server has been started and is being waited for; not at all where one is ready. */
  readonly onWaiting?: () => void;
}

/** This process's share in the one server of a store. */
export interface ServerHandle {
  /** `host:port` for clients and workers. */
  readonly address: string;
  /** Temporal's web pages; undefined when the server runs without them. */
  readonly uiAddress: string | undefined;
  readonly startedHere: boolean;
  /** Whether this call made Temporal's database: it knows none of the store's runs. */
  readonly isFresh: boolean;
  /**
   * When Temporal's database was made, or first served after a restart of the machine; ISO 8601. A run started before it
   * that Temporal does not know was lost, with an earlier database or in a power cut; one started after it was deleted by
   * somebody.
   */
  readonly databaseWholeSince: string;
  /** The same of the database that is served now: it may have been lost, and made anew, under the commands that use it. */
  findDatabaseCreatedAt(): Promise<string>;
  /**
   * Starts the server again, at the same address, if it is gone. Workers and clients find it by themselves.
   *
   * @returns `restarted`: whether it is another server than at the call before; `isFresh`: whether this call made a new
   *   database for it.
   * @throws {EvaluationError} `temporal-failed` when it cannot come back there.
   */
  revive(): Promise<{ readonly restarted: boolean; readonly isFresh: boolean }>;
  /** Takes this process out of the registry; the last one out stops the server, without waiting for its end. */
  release(): Promise<void>;
}

/** Longer than a start may take, which happens under the lock. */
const lockTimeoutMs = 90_000;
const releaseLockTimeoutMs = 5_000;

/**
 * Joins the server of a store or starts it, and sets it up. There is one for each store, however many commands ask at
 * once.
 *
 * @throws {EvaluationError} `temporal-failed` with the end of the server's log; `internal` when the process is not registered.
 */
export async function ensureServer(options: ServerOptions): Promise<ServerHandle> {
  const { storeDirectory, cliPath, cliVersion, ui = false, processId, runs, onNotice, onWaiting } = options;
  const files = locateServerFiles(storeDirectory);
  const findNeighbours = async () =>
    (await runs.listProcesses()).filter((other) => other.processId !== processId && isRunningHere(other));
  const joinOrStart = () =>
    withLock(files.lock, { timeoutMs: lockTimeoutMs }, async () => {
      if (!(await runs.listProcesses()).some((known) => known.processId === processId)) {
        throw new EvaluationError('internal', `Process ${processId} asks for the server without being registered.`);
      }
      const isShared = async () => (await findNeighbours()).length > 0;
      return joinOrStartServer({
        storeDirectory,
        cliPath,
        cliVersion,
        ui,
        onNotice,
        isShared,
        ...(onWaiting === undefined ? {} : { onWaiting }),
      });
    }).catch((error: unknown) => {
      throw toServerError(error, files.folder);
    });

  const { record: first, ...found } = await joinOrStart();
  const { port } = first;
  let record = first;
  return {
    ...found,
    address: `${loopback}:${port}`,
    uiAddress: first.uiPort === null ? undefined : `http://${loopback}:${first.uiPort}`,
    async findDatabaseCreatedAt() {
      return (await readStamp(files))?.wholeSince ?? found.databaseWholeSince;
    },
    async revive() {
      if (isServerAlive(record) && (await isListening(port))) return { restarted: false, isFresh: false };
      const revived = await joinOrStart();
      if (revived.record.port !== port) {
        throw new EvaluationError(
          'temporal-failed',
          `The embedded server was lost, and its port ${port} is taken by another program.`,
          {
            hint: 'Run the command again: what was answered stands.',
          },
        );
      }
      const restarted = revived.record.nonce !== record.nonce;
      record = revived.record;
      return { restarted, isFresh: revived.isFresh };
    },
    async release() {
      try {
        await withLock(files.lock, { timeoutMs: releaseLockTimeoutMs }, async () => {
          const isLast = (await findNeighbours()).length === 0;
          const current = isLast ? await readServerRecord(files) : undefined;
          if (current !== undefined) await stopServer(files, current);
          await runs.removeProcess(processId);
        });
      } catch {
        // Who holds the lock that long is alive, so this is not the last one. And where the disk is full nothing can be
        // written: the record is then one of a process that has ended, and the next command joins the server.
        await runs.removeProcess(processId).catch(() => undefined);
      }
    },
  };
}

/** What the file system or the lock reported, in words that say what to do. */
function toServerError(error: unknown, folder: string): EvaluationError {
  if (error instanceof EvaluationError) return error;
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL'
      ? 'The disk is full: make room, then run the same command again.'
      : 'Check the disk, and who may write to the store directory; then run the same command again.';
  return new EvaluationError(
    'temporal-failed',
    `The embedded server cannot use ${folder}: ${message ?? String(error)}.`,
    {
      hint,
      cause: error,
    },
  );
}
