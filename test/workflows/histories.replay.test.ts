import { readdir, readFile } from 'node:fs/promises';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { type NamedHistory, replay } from '../support/replay.ts';
import type { HistoryEventJson, HistoryJson } from '../support/store-temporal.ts';

// An open run outlives the release that started it: what was recorded once must replay for ever.

const folder = new URL('../histories/', import.meta.url);
let histories: readonly NamedHistory[];

const everyWay = {
  evaluation: [
    'completed-none',
    'completed-partial',
    'completed-full',
    'completed-twins',
    'completed-siblings',
    'completed-update',
    'completed-no-cache',
    'failed',
    'resumed',
    'cancelled',
    'resumed-after-cancel',
    'waited',
    'took-over',
    'cancelled-while-waiting',
    'child-terminated',
    'paused',
  ],
  'scheduled-evaluation': ['completed', 'cancelled', 'schedule-gone'],
  'task-result': [
    'completed-none',
    'completed-partial',
    'failed',
    'resumed',
    'cancelled',
    'resumed-after-cancel',
    'continued-as-new',
    'completed-after-continued',
    'cancelled-after-continued',
  ],
} as const;

beforeAll(async () => {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json')).sort();
  histories = await Promise.all(
    names.map(async (name) => ({
      name,
      history: JSON.parse(await readFile(new URL(name, folder), 'utf8')) as HistoryJson,
    })),
  );
});

describe('recorded histories', () => {
  it('tell every way in which a run and a task result may go', () => {
    const kinds = new Set(histories.map(({ name }) => name.replace(/-\d+\.\d+\.json$/, '')));
    for (const [workflow, ways] of Object.entries(everyWay)) {
      for (const way of ways) expect(kinds, `npm run histories`).toContain(`${workflow}/${way}`);
    }
  });

  it('of the first code that was released are all there', () => {
    const first = histories.filter(({ name }) => name.endsWith('-0.1.json'));
    expect(first.length).toBe(16);
  });

  it('replay on the present code', async () => {
    const outcomes = await replay(histories);
    expect([...outcomes]).toEqual(histories.map(({ name }) => [name, undefined]));
  });

  it('do not replay when an activity is another', async () => {
    await expectRefused(histories.map((recorded) => change(recorded, renameLastActivity)));
  });

  it('do not replay when an activity was left out', async () => {
    await expectRefused(histories.map((recorded) => change(recorded, dropLastActivity)));
  });

  it('do not replay when a child has another id', async () => {
    const withChild = histories.filter(({ history }) => history.events.some(isChildStart));
    expect(withChild.length).toBeGreaterThan(3);
    await expectRefused(withChild.map((recorded) => change(recorded, renameChild)));
  });

  it('say nothing of who recorded them and where', () => {
    for (const { name, history } of histories) {
      const places: unknown[] = [];
      JSON.stringify(history, (key, value: unknown) => {
        if (key === 'identity' || key === 'stackTrace') places.push(value);
        return value;
      });
      expect(new Set(places.filter((place) => place !== '')), name).toEqual(new Set(['scrubbed']));
    }
  });
});

async function expectRefused(changed: readonly NamedHistory[]): Promise<void> {
  const outcomes = await replay(changed);
  expect(outcomes.size).toBe(changed.length);
  for (const [name, error] of outcomes) expect(error, name).toBeInstanceOf(DeterminismViolationError);
}

function change(
  { name, history }: NamedHistory,
  edit: (events: readonly HistoryEventJson[]) => HistoryEventJson[],
): NamedHistory {
  return { name, history: { events: edit(history.events) } };
}

const isActivity = ({ eventType }: HistoryEventJson): boolean => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED';
const isChildStart = ({ eventType }: HistoryEventJson): boolean =>
  eventType === 'EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED';

function renameLastActivity(events: readonly HistoryEventJson[]): HistoryEventJson[] {
  const last = events.findLast(isActivity);
  return events.map((event) =>
    event === last
      ? {
          ...event,
          activityTaskScheduledEventAttributes: { ...getAttributes(event), activityType: { name: 'another' } },
        }
      : event,
  );
}

/** As if the code of that day had not asked for it: what followed comes in its place. */
function dropLastActivity(events: readonly HistoryEventJson[]): HistoryEventJson[] {
  const last = events.findLastIndex(isActivity);
  const end = events.at(-1);
  if (end === undefined) throw new Error('An empty history.');
  // Nothing refers to the events that go, and the number of the last one follows on.
  return [...events.slice(0, last), { ...end, eventId: String(last + 1) }];
}

function renameChild(events: readonly HistoryEventJson[]): HistoryEventJson[] {
  return events.map((event) => {
    if (!isChildStart(event)) return event;
    const attributes = getAttributes(event);
    const workflowId = `${String(attributes['workflowId'])}-other`;
    return { ...event, startChildWorkflowExecutionInitiatedEventAttributes: { ...attributes, workflowId } };
  });
}

function getAttributes(event: HistoryEventJson): Readonly<Record<string, unknown>> {
  const [, attributes] = Object.entries(event).find(([key]) => key.endsWith('EventAttributes')) ?? [];
  return attributes as Readonly<Record<string, unknown>>;
}
