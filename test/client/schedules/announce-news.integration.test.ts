import { afterEach, beforeEach, expect, it } from 'vitest';
import { announceMissed, announceNews } from '../../../client/schedules/announce-news.ts';
import type { AlertFinding } from '../../../contracts/alert-finding.ts';
import type { ScheduleDefinition } from '../../../storage/schedule-log.ts';
import type { OpenedStore } from '../../storage/conformance/opened-store.ts';
import { digestOf, makeRun, makeTask } from '../../storage/conformance/samples.ts';
import { openTemporaryStore } from '../../storage/open-temporary-store.ts';

const far = '2999-01-01T00:00:00.000Z';
let opened: OpenedStore;
beforeEach(async () => {
  opened = await openTemporaryStore();
});
afterEach(() => opened.dispose());

async function addSchedule(change: Partial<ScheduleDefinition> = {}) {
  const definition = {
    evaluationKey: 'evaluation',
    notify: { url: 'http://127.0.0.1:1/', secretVariable: 'KEY' },
    missed: 0,
    lastFailure: null,
    ...change,
  } as ScheduleDefinition;
  const { schedules } = opened.store;
  await schedules.create({ name: 'nightly', definition, plan: digestOf('plan'), baseline: null });
  return schedules.get('nightly');
}

async function addRun(runId: string, failed: boolean, findings: readonly Partial<AlertFinding>[] = []): Promise<void> {
  const alerts = { alerts: [], baseline: 'previous', findings: findings as AlertFinding[] };
  const run = makeRun(runId, { trigger: 'schedule', scheduleName: 'nightly', startedAt: far, alerts });
  await opened.store.runs.createRun(run, failed ? [makeTask(`task of ${runId}`)] : []);
  await opened.store.runs.recordRunEnd(runId, {
    failed,
    error: failed ? { code: 'model-unusable', message: 'a prompt' } : null,
  });
}

const take = async () =>
  (await opened.store.schedules.takeDue(far, far)).map(({ body }) => JSON.parse(body) as Record<string, unknown>);

it('tells of failed runs and raised alerts by name, count and code, once, and of nothing else', async () => {
  const schedule = await addSchedule();
  await addRun('good', false, [{ verdict: 'quiet' }]);
  await addRun('raised', false, [{ verdict: 'fired', alert: 'accuracy < 0.5' }]);
  await addRun('unclear', false, [{ verdict: 'unjudged' }]);
  await addRun('failed', true);
  await announceNews(opened.store, schedule);
  await announceNews(opened.store, schedule);
  const told = await take();
  const summary = told.map(({ type, run }) => `${String(type)} ${(run as { readonly run: string }).run}`);
  expect(summary.toSorted()).toEqual(['alert raised', 'alert unclear', 'failed failed']);
  const failed = told.find(({ type }) => type === 'failed');
  expect(failed).toMatchObject({ run: { tasks: [{ error_code: 'model-unusable' }] } });
  expect(JSON.stringify(told)).not.toContain('a prompt');
});

it('tells of missed firings when there are more than before', async () => {
  const schedule = await addSchedule();
  await announceMissed(opened.store, schedule, 0);
  await announceMissed(opened.store, schedule, 2);
  await announceMissed(opened.store, schedule, 2);
  expect(await take()).toMatchObject([{ type: 'missed', schedule: 'nightly', run: null, missed: 2 }]);
});

it('tells of a firing that could not begin, once', async () => {
  const error = { code: 'config-invalid', message: 'a line of the file' };
  const schedule = await addSchedule({ lastFailure: { runId: 'nightly-1', scheduledAt: far, error } });
  await announceNews(opened.store, schedule);
  await announceNews(opened.store, schedule);
  const told = await take();
  expect(told).toMatchObject([{ type: 'failed', run: null, error_code: 'config-invalid' }]);
  expect(JSON.stringify(told)).not.toContain('a line of the file');
});

it('keeps nothing for a schedule that tells nobody', async () => {
  const schedule = await addSchedule({ notify: null });
  await addRun('failed', true);
  await announceNews(opened.store, schedule);
  await announceMissed(opened.store, schedule, 3);
  expect(await take()).toEqual([]);
  expect((await opened.store.schedules.get('nightly')).definition.missed).toBe(3);
});
