import { readdir, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkActivities } from '../../activities/create-activities.ts';
import type { Digest } from '../../contracts/digest.ts';
import type { Stage } from '../../storage/journal.ts';
import { answerCapital, exactScorer, looseScorer } from '../support/capital-run.ts';
import {
  type ActivityBench,
  type BenchRun,
  createStoreActivitiesOf,
  failureOf,
  openActivityBench,
  runActivity,
} from './activity-bench.ts';
import { createFakeModels, type FakeHandler } from './fake-models.ts';

// Damage that is met while a run is at work (design 3.1): it heals within the run where the run can make it again.

const answerWell: FakeHandler = ({ prompt }) => answerCapital(prompt);

let bench: ActivityBench;

beforeEach(async () => {
  bench = await openActivityBench();
});

afterEach(() => bench.dispose());

const activities = () => createStoreActivitiesOf(bench.store);

async function decide(run: BenchRun, expected: 'none' | 'partial') {
  const { runId, planRef, policy, task } = run;
  return activities().decideReuse({ runId, planRef, policy, task, expected });
}

async function getBlob(run: BenchRun, stage: Stage, segmentIndex = 0): Promise<Digest> {
  const { taskResultId } = run.task;
  const segment = await bench.store.results.findSegment({ taskResultId, stage, segmentIndex });
  if (segment === undefined) throw new Error(`Segment ${segmentIndex} is not sealed.`);
  return segment.blob.digest;
}

describe.each([
  ['is missing', (digest: Digest) => bench.removeBlob(digest)],
  ['is damaged', (digest: Digest) => bench.damageBlob(digest, Buffer.from('scribble'))],
])('a sealed segment that %s', (_, damage) => {
  it('of own solver outputs is solved again when scoring reads it, and nothing else is', async () => {
    const run = await bench.addRun({ rows: 6, segmentSize: 3 });
    await decide(run, 'none');
    const first = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    for (const index of [0, 1]) await runActivity(first.solveSegment, run.segment(index));
    await damage(await getBlob(run, 'solve', 1));
    const models = createFakeModels(answerWell);
    const work = createWorkActivities({ store: bench.store, models });
    for (const index of [0, 1]) await runActivity(work.scoreSegment, run.segment(index));
    expect(models.sent.map(({ sampleId }) => sampleId).sort()).toEqual(['c3', 'c4', 'c5']);
    await runActivity(work.computeMetrics, run.segment());
    await activities().publishTaskResult({ ...run.task, planRef: run.planRef });
    const record = await run.getRecord();
    expect(record).toMatchObject({ status: 'completed', isCurrent: true });
    expect(record.warnings.join()).toContain('segment 1 were lost or damaged');
    const undisturbed = await (await bench.addRun({ rows: 6, segmentSize: 3, cachePolicy: 'no-cache' })).complete(
      createFakeModels(answerWell),
    );
    expect(record.resultDigest).toBe(undisturbed.resultDigest);
  });

  it('of scores is scored again when metrics read it, without a solver query', async () => {
    const run = await bench.addRun({ rows: 6, segmentSize: 3 });
    await decide(run, 'none');
    const first = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    for (const index of [0, 1]) await runActivity(first.solveSegment, run.segment(index));
    for (const index of [0, 1]) await runActivity(first.scoreSegment, run.segment(index));
    await damage(await getBlob(run, 'score', 0));
    const models = createFakeModels(answerWell);
    await runActivity(createWorkActivities({ store: bench.store, models }).computeMetrics, run.segment());
    expect(models.sent).toEqual([]);
    expect((await run.getRecord()).resultDigest).not.toBeNull();
  });

  it('of solver outputs that were taken over sends the task result back to be decided anew', async () => {
    const source = await bench.addRun({ rows: 6, scorers: [exactScorer] });
    await source.complete(createFakeModels(answerWell));
    const run = await bench.addRun({ rows: 6, scorers: [looseScorer] });
    expect(await decide(run, 'partial')).toBe('partial');
    await damage(await getBlob(run, 'solve'));
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    const failure = await failureOf(runActivity(work.scoreSegment, run.segment()));
    expect(failure).toMatchObject({ type: 'outputs-lost', nonRetryable: true });
    expect(await run.getRecord()).toMatchObject({ status: 'running', reuse: null, reusedFrom: null });
    expect(await decide(run, 'none')).toBe('none');
    const models = createFakeModels(answerWell);
    const completed = await finish(run, models);
    expect(models.sent).toHaveLength(6);
    expect(completed).toMatchObject({ status: 'completed', reuse: 'none', isCurrent: true });
    expect(completed.warnings.join()).toContain(source.task.taskResultId);
  });
});

describe('what only planning can make', () => {
  it('fails the task result when its rows are lost, and says what to do', async () => {
    const run = await bench.addRun({ rows: 6 });
    await decide(run, 'none');
    await loseAllBlobs();
    const work = createWorkActivities({ store: bench.store, models: createFakeModels(answerWell) });
    const failure = await failureOf(runActivity(work.solveSegment, run.segment()));
    expect(failure).toMatchObject({ type: 'blob-missing', nonRetryable: true });
    const [text] = (failure['details'] ?? []) as Digest[];
    const message = text === undefined ? '' : new TextDecoder().decode(await bench.store.content.get(text));
    expect(message).toContain('of this run are lost or damaged');
    expect(message).toContain('Run the same command again');
  });
});

async function finish(run: BenchRun, models: ReturnType<typeof createFakeModels>) {
  const work = createWorkActivities({ store: bench.store, models });
  await runActivity(work.solveSegment, run.segment());
  await runActivity(work.scoreSegment, run.segment());
  await runActivity(work.computeMetrics, run.segment());
  await activities().publishTaskResult({ ...run.task, planRef: run.planRef });
  return run.getRecord();
}

async function loseAllBlobs(): Promise<void> {
  const folder = `${bench.directory}/blobs`;
  for (const name of await readdir(folder)) await rm(`${folder}/${name}`, { recursive: true });
}
