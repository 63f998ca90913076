import { EvaluationError } from '../contracts/evaluation-error.ts';
import { makeSharedWorkQueue } from '../contracts/ids.ts';
import type { Store } from '../storage/store.ts';
import type { Host, Session } from './host.ts';
import { findWorking, upCommand } from './working-processes.ts';

/** Where a run is worked on, as its record says. */
export interface WorkPlace {
  /** The queue that all workers poll; null: the run's own, which its owner polls. */
  readonly workQueue: string | null;
  readonly ownerId: string | null;
}

/**
 * Who is to work on a run that begins, or begins again: workers where there are any, `stet up` for one that is detached,
 * else this process. Workers that are away, as while they are being restarted, are waited for by a detached run.
 *
 * @throws {EvaluationError} `usage` for a detached run that nobody would work on.
 */
export async function chooseWorkPlace(
  host: Host,
  store: Store,
  session: Session,
  options: { readonly detach: boolean; readonly frozen: boolean },
): Promise<WorkPlace> {
  const here: WorkPlace = { workQueue: null, ownerId: session.processId };
  if (options.frozen && !options.detach) return here; // workers know nothing of it
  const left: WorkPlace = { workQueue: makeSharedWorkQueue(session.storeId), ownerId: null };
  const workers = options.detach || session.temporal === 'remote' ? await session.findSharedWorkers() : 'none';
  if (workers === 'present') return left;
  if (options.detach) {
    if ((await findWorking(host, store, upCommand)).length > 0) return { workQueue: null, ownerId: null };
    if (workers === 'away') {
      host.onNotice(
        'No worker is there at the moment; a few minutes ago there was one. The run begins when one is back.',
      );
      return left;
    }
    throw new EvaluationError(
      'usage',
      'Nobody would work on a detached run: neither "stet up" nor "stet worker" runs on this store.',
      {
        hint: 'Start `stet up` in another terminal, or `stet worker` where Temporal is elsewhere, and run this again; or leave --detach out.',
      },
    );
  }
  if (session.temporal === 'remote') {
    host.onNotice('No worker polls the queue of this store; this command does the work itself.');
  }
  return here;
}
