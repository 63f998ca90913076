import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CachePolicy } from '../../../contracts/cache-policy.ts';
import type { Store } from '../../../storage/store.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';
import {
  digestOf,
  getTask,
  makeJournalOutcome,
  makeRun,
  makeSegment,
  makeSummary,
  makeTask,
  segmentOf,
} from './samples.ts';

// Random interleavings of what runs, and zombies of earlier attempts, do to result index and journal, through two
// connections, against a small model of design 3.1 and 3.2.

/** Task results of two result keys that share a solver key; each is the only one of its run. */
const policies: readonly CachePolicy[] = ['reuse', 'reuse', 'update', 'no-cache', 'reuse', 'update'];
const groups = ['a', 'b'] as const;
const groupOf = (task: number): (typeof groups)[number] => (task < 4 ? 'a' : 'b');
const none = { verdict: 'none', why: null, warnings: [] } as const;

type Status = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

interface ModelTask {
  status: Status;
  attempt: number;
  /** Text of what is sealed per stage, and whether a resume reopened it. */
  sealed: Map<string, { text: string; errors: number; isReopened: boolean }>;
  /** Text of the first outcome of the sample since it was last sealed or tried again. */
  outcome: string | undefined;
  hasSummary: boolean;
  isAlias: boolean;
}

interface Model {
  readonly tasks: ModelTask[];
  /** Current result of each group, which is a result key. */
  readonly current: Map<string, number>;
  /** What a publisher found current, and how it judged it, by task. */
  readonly judged: Map<number, { readonly current: number | undefined; readonly isUsable: boolean }>;
}

interface Real {
  readonly stores: readonly Store[];
  /** Ids and keys of this scenario only. */
  readonly name: (part: number | string) => string;
}

/** So that sequences come to publications, and to several of one key. */
const weights = [
  ['decide', 1],
  ['append', 3],
  ['seal', 2],
  ['summary', 1],
  ['judge', 5],
  ['publish', 8],
  ['alias', 1],
  ['end', 1],
  ['resume', 4],
  ['lose', 1],
] as const;

/** One step: by the present attempt (0), or by one that is so many attempts late. */
interface Step {
  readonly what: (typeof weights)[number][0];
  readonly task: number;
  readonly late: number;
  readonly store: number;
  readonly flag: boolean;
}

const isOpen = ({ status }: ModelTask): boolean => status === 'pending' || status === 'running';

class StepCommand implements fc.AsyncCommand<Model, Real> {
  readonly #step: Step;
  readonly #number: number;

  constructor(step: Step, number: number) {
    this.#step = step;
    this.#number = number;
  }

  check(model: Readonly<Model>): boolean {
    const task = model.tasks[this.#step.task];
    return task !== undefined && task.attempt > this.#step.late;
  }

  async run(model: Model, real: Real): Promise<void> {
    const { task: index, late } = this.#step;
    const task = model.tasks[index];
    const store = real.stores[this.#step.store];
    if (task === undefined || store === undefined) throw new Error('There is no such task.');
    const attempt = task.attempt - late;
    await this.#act(model, task, { store, id: real.name(index), attempt, mayWrite: late === 0 && isOpen(task), real });
    await expectLookUps(model, real);
    await expectRecord(task, real, index);
  }

  async #act(
    model: Model,
    task: ModelTask,
    by: { store: Store; id: string; attempt: number; mayWrite: boolean; real: Real },
  ): Promise<void> {
    const { what, task: index, flag, late } = this.#step;
    const { store, id, attempt, mayWrite, real } = by;
    const { results, journal, runs } = store;
    const text = `step ${this.#number}`;
    const stage = flag ? 'solve' : 'score';
    switch (what) {
      case 'decide':
        await results.recordRunning(id, none, attempt);
        if (mayWrite) task.status = 'running';
        return;
      case 'append': {
        const segment = segmentOf(id, 'solve', 0, attempt);
        const given = makeJournalOutcome(0, { text, error: flag });
        const appending = journal.appendOutcome(segment, given);
        if (late > 0) await expect(appending).rejects.toThrow('over');
        else {
          const isClosed = task.status === 'completed' || task.sealed.get('solve')?.isReopened === false;
          if (!isClosed) task.outcome ??= given.text;
          expect(await appending).toBe(isClosed ? given.text : task.outcome);
        }
        return;
      }
      case 'seal': {
        const errors = this.#number % 3 === 0 ? 1 : 0;
        await results.registerSegment(segmentOf(id, stage, 0, attempt), makeSegment(text, { errors }));
        if (!mayWrite) return;
        if (task.sealed.get(stage)?.isReopened !== false) task.sealed.set(stage, { text, errors, isReopened: false });
        if (stage === 'solve') task.outcome = undefined;
        return;
      }
      case 'summary':
        await results.recordSummary(id, makeSummary(id), attempt);
        if (mayWrite) task.hasSummary = true;
        return;
      case 'judge': {
        const current = model.current.get(groupOf(index));
        model.judged.set(index, { current, isUsable: flag });
        return;
      }
      case 'publish': {
        const judged = model.judged.get(index) ?? { current: undefined, isUsable: true };
        const found =
          judged.current === undefined ? null : { taskResultId: real.name(judged.current), isUsable: judged.isUsable };
        if (mayWrite && !task.hasSummary && this.#number % 4 > 0) {
          await results.recordSummary(id, makeSummary(id), attempt);
          task.hasSummary = true;
        }
        if (mayWrite && !task.hasSummary) {
          await expect(results.publish(id, found, attempt)).rejects.toMatchObject({ code: 'internal' });
          return;
        }
        const isPublished = await results.publish(id, found, attempt);
        if (!mayWrite) {
          expect(isPublished).toBe(true);
          return;
        }
        const current = model.current.get(groupOf(index));
        const policy = policies[index];
        const wasJudged = current === undefined || judged.current === current;
        expect(isPublished).toBe(policy !== 'reuse' || wasJudged);
        if (!isPublished) return;
        task.status = 'completed';
        task.outcome = undefined;
        const replaces = policy === 'update' || (policy === 'reuse' && (current === undefined || !judged.isUsable));
        if (replaces) model.current.set(groupOf(index), index);
        return;
      }
      case 'alias': {
        const source = model.current.get(groupOf(index));
        const sourceId = source === undefined ? 'nobody' : real.name(source);
        const isRecorded = await results.recordAlias(id, { sourceId, warnings: [] }, attempt);
        expect(isRecorded).toBe(!mayWrite || source !== undefined);
        if (!mayWrite || source === undefined) return;
        Object.assign(task, { status: 'completed', isAlias: true, outcome: undefined });
        task.sealed.clear();
        return;
      }
      case 'end': {
        const status = flag ? 'failed' : 'cancelled';
        const stands = await results.recordEnd(id, { status, error: null }, attempt);
        if (late === 0) expect(stands).toBe(isOpen(task) ? status : task.status);
        if (mayWrite) task.status = status;
        await runs.recordRunEnd(`run of ${id}`, { failed: flag, attempt });
        return;
      }
      case 'resume': {
        if (task.status !== 'failed' && task.status !== 'cancelled') return;
        await runs.recordRunEnd(`run of ${id}`, { failed: false });
        await runs.reopenRun(`run of ${id}`);
        const isSolveReopened = (task.sealed.get('solve')?.errors ?? 0) > 0;
        for (const [name, sealed] of task.sealed)
          sealed.isReopened ||= sealed.errors > 0 || (name === 'score' && isSolveReopened);
        Object.assign(task, { status: 'pending', attempt: task.attempt + 1, hasSummary: false });
        return;
      }
      case 'lose': {
        const sealed = task.sealed.get(stage);
        await results.recordLostSegment(segmentOf(id, stage, 0, attempt), digestOf(sealed?.text ?? 'nothing'));
        if (!mayWrite || sealed === undefined) return;
        task.sealed.delete(stage);
        if (stage === 'solve') {
          task.sealed.delete('score');
          task.outcome = undefined;
        }
        return;
      }
    }
  }

  toString(): string {
    return JSON.stringify(this.#step);
  }
}

async function expectLookUps(model: Model, { stores, name }: Real): Promise<void> {
  const [store] = stores;
  if (store === undefined) throw new Error('There is no store.');
  for (const group of groups) {
    const key = digestOf(name(group));
    const current = model.current.get(group);
    const found = (await store.results.findCurrentResults([key])).get(key);
    expect(found?.taskResultId).toBe(current === undefined ? undefined : name(current));
  }
  const solverKey = digestOf(name('solver'));
  const solved = (await store.results.findSolvedResults([solverKey])).get(solverKey) ?? [];
  const reusable = model.tasks.flatMap((task, index) =>
    task.status === 'completed' && policies[index] !== 'no-cache' && !task.isAlias ? [name(index)] : [],
  );
  expect(solved.map(({ taskResultId }) => taskResultId).toSorted()).toEqual(reusable.toSorted());
}

async function expectRecord(task: ModelTask, { stores, name }: Real, index: number): Promise<void> {
  const [store] = stores;
  if (store === undefined) throw new Error('There is no store.');
  const record = await getTask(store, name(index));
  expect([record.status, record.attempt]).toEqual([task.status, task.attempt]);
  if (record.isCurrent) expect(record).toMatchObject({ status: 'completed', reuse: 'none' });
  if (record.isCurrent) expect(record.policy).not.toBe('no-cache');
  for (const stage of ['solve', 'score'] as const) {
    const found = await store.results.findSegment(segmentOf(name(index), stage));
    const sealed = task.sealed.get(stage);
    expect(found?.blob.digest).toBe(sealed === undefined ? undefined : digestOf(sealed.text));
    expect(found?.isReopened).toBe(sealed?.isReopened);
  }
  const { outcomes } = await store.journal.load(segmentOf(name(index)));
  expect(outcomes.map((outcome) => outcome.text)).toEqual(task.outcome === undefined ? [] : [task.outcome]);
}

/** What holds of publication in every store, in whatever order things happen. */
export function describePublication(open: OpenStore, { numRuns }: { readonly numRuns: number }): void {
  let opened: OpenedStore;
  let stores: Store[];
  let scenario = 0;

  beforeAll(async () => {
    opened = await open();
    stores = [opened.store, await opened.openAnother()];
  });
  afterAll(() => opened.dispose());

  test('whatever runs and zombies do in whatever order, look-ups find what they should and first writes stand', async () => {
    const step = fc.record<Step>({
      what: fc.oneof(...weights.map(([what, weight]) => ({ weight, arbitrary: fc.constant(what) }))),
      task: fc.nat({ max: policies.length - 1 }),
      late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
      store: fc.nat({ max: 1 }),
      flag: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
        const prefix = `scenario ${scenario++}`;
        const name = (part: number | string) => `${prefix} ${part}`;
        const [store] = stores;
        if (store === undefined) throw new Error('There is no store.');
        for (const [index, policy] of policies.entries()) {
          await store.runs.createRun(makeRun(`run of ${name(index)}`, { policy }), [
            makeTask(name(index), {
              solverKey: digestOf(name('solver')),
              resultKey: digestOf(name(groupOf(index))),
            }),
          ]);
        }
        const model: Model = {
          tasks: policies.map(() => ({
            status: 'pending',
            attempt: 1,
            sealed: new Map(),
            outcome: undefined,
            hasSummary: false,
            isAlias: false,
          })),
          current: new Map(),
          judged: new Map(),
        };
        const commands = steps.map((one, number) => new StepCommand(one, number));
        const real: Real = { stores, name };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        for (const [index, task] of model.tasks.entries()) await expectRecord(task, real, index);
      }),
      { numRuns },
    );
  });
}
