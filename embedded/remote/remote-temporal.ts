import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import type { RunLog } from '../../storage/run-log.ts';
import type { TemporalAddress } from '../../workers/connect-temporal.ts';
import type { TemporalService } from '../temporal-service.ts';
import { ensureNamespace, ensureSearchAttributes } from './prepare-namespace.ts';
import { watchTemporal } from './watch-temporal.ts';

/** On a cluster a workflow task may have to wait for a busy machine; Temporal's own default. */
const WORKFLOW_TASK_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 5_000;
const PREPARE_TIMEOUT_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;
const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_NOT_FOUND = 5;
const GRPC_UNAVAILABLE = 14;

export interface RemoteOptions {
  readonly target: TemporalAddress;
  /** Waits for a Temporal that does not answer yet, until the signal fires; without it that is an error at once. */
  readonly waitUntil?: AbortSignal;
  readonly processId: string;
  readonly runs: Pick<RunLog, 'removeProcess' | 'recordTemporal'>;
  readonly onNotice: (line: string) => void;
}

/**
 * A Temporal that somebody else runs: reached, and its namespace and search attributes there.
 *
 * @throws {EvaluationError} `temporal-failed`, saying what is missing and the command that mends it.
 */
export async function openRemoteTemporal(options: RemoteOptions): Promise<TemporalService> {
  const { target, runs, processId, onNotice } = options;
  const { namespace: _namespace, ...address } = target;
  // Without the retries of the SDK: who asks here says what becomes of a silence.
  const connection = Connection.lazy({ ...address, interceptors: [] });
  const ask = async () => {
    await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => connection.workflowService.getSystemInfo({}));
  };
  /** A database that was lost, and made anew, has another namespace under the same name. */
  const findWholeSince = () =>
    connection.withDeadline(Date.now() + PREPARE_TIMEOUT_MS, async () =>
      runs.recordTemporal(await ensureNamespace(connection, target), new Date().toISOString()),
    );
  let wholeSince: string;
  try {
    await reach(ask, options);
    wholeSince = await findWholeSince();
    await connection.withDeadline(Date.now() + PREPARE_TIMEOUT_MS, () =>
      ensureSearchAttributes(connection, target, searchAttributes),
    );
  } catch (error) {
    await connection.close();
    throw isSilence(error) ? makeUnreachableError(target, error) : error; // it went away after it had answered once
  }
  return {
    kind: 'remote',
    target,
    uiAddress: undefined,
    workflowTaskTimeoutMs: WORKFLOW_TASK_TIMEOUT_MS,
    wholeSince,
    findWholeSince,
    // Somebody else's server: at least it answers again.
    async revive() {
      await ask().catch((error: unknown) => {
        throw makeUnreachableError(target, error);
      });
    },
    watch: (listener) => watchTemporal(ask, `Temporal at ${target.address}`, (line) => listener.onNotice(line)),
    async release() {
      await runs.removeProcess(processId).catch((error: unknown) => onNotice(String(error)));
      await connection.close();
    },
  };
}

/** What is wrong with a Temporal, undefined where it answers and has the namespace; changes nothing there. */
export async function checkRemoteTemporal(target: TemporalAddress): Promise<EvaluationError | undefined> {
  const { namespace, ...address } = target;
  // Without the retries of the SDK: who asks here says what becomes of a silence.
  const connection = Connection.lazy({ ...address, interceptors: [] });
  try {
    await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === GRPC_NOT_FOUND) {
      return new EvaluationError('temporal-failed', `it has no namespace ${namespace}.`, {
        hint: 'The first run makes it, where that is permitted, and else says what to run.',
      });
    }
    return makeUnreachableError(target, error);
  } finally {
    await connection.close();
  }
}

async function reach(ask: () => Promise<void>, { target, waitUntil, onNotice }: RemoteOptions): Promise<void> {
  for (let pauseMs = 500; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      await ask();
      return;
    } catch (error) {
      const unreachable = makeUnreachableError(target, error);
      if (waitUntil === undefined) throw unreachable;
      if (pauseMs === 500) onNotice(`${unreachable.message} Trying again until it does.`);
      await sleep(pauseMs, undefined, { signal: waitUntil }).catch(() => undefined);
      if (waitUntil.aborted) throw unreachable;
    }
  }
}

function isSilence(error: unknown): boolean {
  return isGrpcServiceError(error) && [GRPC_DEADLINE_EXCEEDED, GRPC_UNAVAILABLE].includes(Number(error.code));
}

function makeUnreachableError({ address }: TemporalAddress, cause: unknown): EvaluationError {
  const reason = isGrpcServiceError(cause) ? cause.details : cause instanceof Error ? cause.message : String(cause);
  return new EvaluationError(
    'temporal-failed',
    `Temporal at ${address} does not answer: ${reason.split('\n', 1)[0]?.replace(/\.$/, '')}.`,
    {
      hint: 'Start it, or correct the address; `stet doctor` shows where it comes from. Without one Stet brings its own server.',
      cause,
    },
  );
}
