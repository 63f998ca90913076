import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Session } from '../../client/host.ts';
import { reconcileRun } from '../../client/reconcile-run.ts';
import { makeRun, makeTask } from '../storage/conformance/samples.ts';
import { openTemporaryStore } from '../storage/open-temporary-store.ts';

let opened: Awaited<ReturnType<typeof openTemporaryStore>>;

beforeEach(async () => {
  opened = await openTemporaryStore();
});
afterEach(() => opened.dispose());

/** Nothing of Temporal may be asked, or told, on behalf of an attempt that is over. */
const untouchable = new Proxy({} as Session, {
  get(_, name) {
    throw new Error(`Temporal was asked for ${String(name)}`);
  },
});

it('an attempt that was seen to be over does not end the one that was begun since', async () => {
  const { runs } = opened.store;
  await runs.createRun(makeRun('run'), [makeTask('task')]);
  await runs.recordRunStarted('run');
  const judged = await runs.getRun('run');
  await runs.recordRunEnd('run', { failed: false });
  await runs.reopenRun('run');

  await reconcileRun(untouchable, opened.store, judged, { state: 'unknown' });

  expect(await runs.getRun('run')).toMatchObject({ status: 'pending', attempt: 2 });
});
