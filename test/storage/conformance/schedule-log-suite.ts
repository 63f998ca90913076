import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertFinding } from '../../../contracts/alert-finding.ts';
import type { NewNotification, ScheduleDefinition } from '../../../storage/schedule-log.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import { completeTask, digestOf, makeRun, makeTask } from './samples.ts';

const definition: ScheduleDefinition = {
  timing: { cron: '0 3 * * *' },
  timezone: 'UTC',
  jitterMs: 0,
  overlap: 'skip',
  catchUpMs: 3_600_000,
  isPaused: false,
  evaluationKey: 'evaluation',
  planDigest: digestOf('plan'),
  policy: 'update',
  tracks: null,
  file: '/somewhere/run.yaml',
  origin: {},
  alerts: [],
  notify: { url: 'http://127.0.0.1:1/', secretVariable: 'KEY' },
  missed: 0,
  lastFailure: null,
};
const schedule = { name: 'nightly', definition, plan: digestOf('plan blob'), baseline: null };
const scheduled = { trigger: 'schedule', scheduleName: 'nightly', startedAt: '2999-01-01T00:00:00.000Z' } as const;
const news: NewNotification = {
  notificationId: 'run/1',
  scheduleName: 'nightly',
  runId: 'run',
  kind: 'alert',
  url: 'http://127.0.0.1:1/',
  body: '{}',
};
const far = '2999-01-01T00:00:00.000Z';

/** Schedules, their runs, and the outbox. */
export function describeScheduleLog(open: OpenStore): void {
  describe('schedule log', () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    test('keeps a schedule as it was made, once', async () => {
      await store.schedules.create(schedule);
      expect(await store.schedules.get('nightly')).toMatchObject(schedule);
      expect(await store.schedules.list()).toHaveLength(1);
      await expect(store.schedules.create(schedule)).rejects.toMatchObject({ code: 'schedule-exists' });
    });

    test('names the nearest schedule where there is none of a name', async () => {
      await store.schedules.create(schedule);
      await expect(store.schedules.get('nigthly')).rejects.toMatchObject({
        code: 'schedule-not-found',
        hint: 'Did you mean "nightly"?',
      });
      expect(await store.schedules.find('nigthly')).toBeUndefined();
    });

    test('remembers a pause, and counts of missed firings once', async () => {
      await store.schedules.create(schedule);
      await store.schedules.setPaused('nightly', true);
      expect(await store.schedules.recordMissed('nightly', 3)).toBe(true);
      expect(await store.schedules.recordMissed('nightly', 3)).toBe(false);
      expect(await store.schedules.recordMissed('nightly', 0)).toBe(false); // a new Temporal counts from 0
      expect(await store.schedules.recordMissed('nightly', 1)).toBe(true);
      expect((await store.schedules.get('nightly')).definition).toEqual({ ...definition, isPaused: true, missed: 1 });
    });

    test('keeps who began a run, its alerts and what they found', async () => {
      const alerts = { alerts: ['accuracy < 0.5'], baseline: 'previous', findings: null };
      const scheduledAt = '2026-01-01T03:00:00.000Z';
      await store.runs.createRun(makeRun('run', { ...scheduled, scheduledAt, alerts }), [makeTask('task')]);
      await store.runs.createRun(makeRun('plain'), [makeTask('other')]);
      expect(await store.runs.getRun('run')).toMatchObject({ ...scheduled, scheduledAt, alerts });
      expect(await store.runs.getRun('plain')).toMatchObject({ trigger: 'command', scheduleName: null, alerts: null });
      const findings = [{ alert: 'accuracy < 0.5', verdict: 'fired' } as AlertFinding];
      await store.schedules.recordAlerts('run', { ...alerts, findings });
      expect((await store.runs.getRun('run')).alerts).toEqual({ ...alerts, findings });
    });

    test('finds what a run can be compared with: completed runs before it, of its schedule or of its evaluation', async () => {
      for (const [runId, changes, isCompleted] of [
        ['first', scheduled, true],
        ['unfinished', scheduled, false],
        ['by-hand', {}, true],
        ['of-another', { ...scheduled, scheduleName: 'weekly' }, true],
        ['second', scheduled, true],
        ['run', scheduled, true],
        ['hand-run', {}, false],
        ['later', scheduled, true],
      ] as const) {
        await store.runs.createRun(makeRun(runId, changes), [
          makeTask(`task of ${runId}`, { resultKey: digestOf(`result of ${runId}`) }),
        ]);
        if (!isCompleted) continue;
        await completeTask(store, `task of ${runId}`);
        await store.runs.recordRunEnd(runId, { failed: false });
      }
      expect(await store.schedules.listEarlierRuns('run', 'newest')).toEqual(['second', 'first']);
      expect(await store.schedules.listEarlierRuns('run', 'oldest')).toEqual(['first', 'second']);
      expect(await store.schedules.listEarlierRuns('hand-run', 'oldest')).toEqual([
        'first',
        'by-hand',
        'of-another',
        'second',
        'run',
      ]);
      expect(await store.schedules.listRuns('nightly', { limit: 2 })).toEqual(['later', 'run']);
    });

    test('lists the ends of runs that nobody was told of, each attempt once', async () => {
      await store.schedules.create(schedule);
      await store.runs.createRun(makeRun('old', { ...scheduled, startedAt: '2001-01-01T00:00:00.000Z' }), []);
      await store.runs.recordRunEnd('old', { failed: true }); // of an earlier schedule of that name
      await store.runs.createRun(makeRun('run', scheduled), [makeTask('task')]);
      expect(await store.schedules.listUnannounced('nightly')).toEqual([]);
      await store.runs.recordRunEnd('run', { failed: true });
      expect(await store.schedules.listUnannounced('nightly')).toEqual(['run']);
      await store.schedules.announce(news);
      expect(await store.schedules.listUnannounced('nightly')).toEqual([]);
      await store.runs.reopenRun('run');
      await store.runs.recordRunEnd('run', { failed: true });
      expect(await store.schedules.listUnannounced('nightly')).toEqual(['run']);
    });

    test('gives a notification to one courier at a time, until it is delivered', async () => {
      await store.schedules.create(schedule);
      await store.schedules.announce(news);
      await store.schedules.announce({ ...news, body: '{"again": true}' });
      const [taken, ...more] = await store.schedules.takeDue(far, '2999-01-01T00:00:30.000Z');
      expect(taken).toMatchObject({ ...news, attempts: 1 });
      expect(more).toEqual([]);
      expect(await store.schedules.takeDue(far, '2999-01-01T00:00:30.000Z')).toEqual([]);
      // Whoever took it died.
      expect(await store.schedules.takeDue('2999-01-01T00:00:31.000Z', '2999-01-01T00:01:00.000Z')).toHaveLength(1);
      await store.schedules.recordUndelivered('run/1', 'it was answered with 503', '2999-01-01T00:00:40.000Z');
      expect(await store.schedules.listUndelivered('nightly')).toMatchObject([
        { attempts: 2, error: 'it was answered with 503', nextAttemptAt: '2999-01-01T00:00:40.000Z' },
      ]);
      await store.schedules.recordDelivered('run/1');
      expect(await store.schedules.listUndelivered('nightly')).toEqual([]);
      expect(await store.schedules.takeDue('2999-02-01T00:00:00.000Z', far)).toEqual([]);
    });

    test('does not deliver what is no news, and shows what was given up', async () => {
      await store.schedules.create(schedule);
      await store.schedules.announce({ ...news, kind: 'none' });
      await store.schedules.announce({ ...news, notificationId: 'run/2' });
      expect((await store.schedules.takeDue(far, far)).map(({ notificationId }) => notificationId)).toEqual(['run/2']);
      await store.schedules.recordUndelivered('run/2', 'it was answered with 404', null);
      expect(await store.schedules.takeDue('2999-02-01T00:00:00.000Z', far)).toEqual([]);
      expect(await store.schedules.listUndelivered('nightly')).toMatchObject([{ nextAttemptAt: null }]);
    });

    test('removes a schedule with its notifications, and leaves its runs', async () => {
      await store.schedules.create(schedule);
      await store.runs.createRun(makeRun('run', scheduled), [makeTask('task')]);
      await store.schedules.announce(news);
      expect(await store.schedules.remove('nightly')).toBe(true);
      expect(await store.schedules.remove('nightly')).toBe(false);
      expect(await store.schedules.takeDue(far, far)).toEqual([]);
      expect((await store.runs.getRun('run')).scheduleName).toBe('nightly');
    });
  });
}
