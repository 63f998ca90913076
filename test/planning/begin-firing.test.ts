import { afterEach, beforeEach, expect, it } from 'vitest';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Plan } from '../../evaluation/plan.ts';
import { beginFiring, recordFailedFiring } from '../../planning/begin-firing.ts';
import type { ScheduleDefinition } from '../../storage/schedule-log.ts';
import type { OpenedStore } from '../storage/conformance/opened-store.ts';
import { digestOf } from '../storage/conformance/samples.ts';
import { openTemporaryStore } from '../storage/open-temporary-store.ts';

const plan = { evaluation: { key: 'evaluation' }, cache_policy: 'update', limits: {}, tasks: [] } as unknown as Plan;
const definition = { alerts: ['accuracy < 0.5'], file: '/somewhere/run.yaml', origin: {}, lastFailure: null };
const firing = {
  schedule: 'nightly',
  runId: 'nightly-2026-01-01T03:00:00Z',
  scheduledAt: '2026-01-01T03:00:00.000Z',
  workflowTaskTimeoutMs: 2_000,
};
let opened: OpenedStore;
beforeEach(async () => {
  opened = await openTemporaryStore();
  const schedule = { name: 'nightly', definition: definition as unknown as ScheduleDefinition, baseline: 'first' };
  await opened.store.schedules.create({ ...schedule, plan: digestOf('plan') });
});
afterEach(() => opened.dispose());

async function begin(workQueue = 'shared', planDigest = digestOf('keys')) {
  const schedule = await opened.store.schedules.get('nightly');
  const planned = { plan, planRef: digestOf('plan'), planDigest };
  return beginFiring(opened.store, schedule, firing, planned, async () => workQueue);
}

it('records a run that nobody owns yet, with alerts to be judged, on the queue that was chosen', async () => {
  const input = await begin();
  expect(input).toMatchObject({ runId: firing.runId, hasAlerts: true, queues: { work: 'shared' } });
  expect(await opened.store.runs.getRun(firing.runId)).toMatchObject({
    status: 'pending',
    ownerId: null,
    workQueue: 'shared',
    trigger: 'schedule',
    scheduleName: 'nightly',
    scheduledAt: firing.scheduledAt,
    alerts: { alerts: ['accuracy < 0.5'], baseline: 'first', findings: null },
  });
});

it('gives the same when it is repeated, wherever workers are by then', async () => {
  const first = await begin();
  expect(await begin('elsewhere')).toEqual(first);
});

it('leaves a time alone that has been run, also by an earlier schedule of that name', async () => {
  await begin();
  await opened.store.runs.recordRunEnd(firing.runId, { failed: true });
  expect(await begin('shared', digestOf('other keys'))).toBeNull();
});

it('keeps why a firing could not begin, but not that the store was away', async () => {
  const { store } = opened;
  await recordFailedFiring(store, firing, new EvaluationError('store-failed', 'Not now.'));
  expect((await store.schedules.get('nightly')).definition.lastFailure).toBeNull();
  await recordFailedFiring(store, firing, new EvaluationError('blob-missing', 'The plan is gone.'));
  expect((await store.schedules.get('nightly')).definition.lastFailure).toEqual({
    runId: firing.runId,
    scheduledAt: firing.scheduledAt,
    error: { code: 'blob-missing', message: 'The plan is gone.' },
  });
});
