import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../contracts/status.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Host, Session } from './host.ts';

const LOOK_INTERVAL_MS = 100;

/**
 * After a loss of Temporal's database: waits until the owners of the runs that a run was waiting for have started them
 * again. Started first, the waiting run would get the key and ask for what they have answers for. Only older runs are
 * waited for, so that two runs which wait for each other's work do not both hold back; and only those of a live owner,
 * since the caller takes the others up itself.
 */
export async function waitForHolders(waiting: {
  readonly host: Host;
  readonly store: Store;
  readonly session: Session;
  readonly runId: string;
}): Promise<void> {
  const { store, session, runId } = waiting;
  const run = await store.runs.getRun(runId);
  for (const { holderRunId } of await store.runs.listWaits(runId)) {
    for (;;) {
      const holder = await store.runs.getRun(holderRunId);
      if (isFinal(holder.status) || holder.startedAt >= run.startedAt) break;
      if (holder.ownerId === session.processId || !(await hasLiveOwner(waiting, holder))) break;
      if ((await session.describe(holderRunId)).state === 'open') break;
      const { closing } = session;
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: closing }).catch(() => closing.throwIfAborted());
    }
  }
}

async function hasLiveOwner(
  { host, store }: { readonly host: Host; readonly store: Store },
  { ownerId }: RunRecord,
): Promise<boolean> {
  const owner = (await store.runs.listProcesses()).find(({ processId }) => processId === ownerId);
  return owner !== undefined && host.isProcessAlive(owner);
}
