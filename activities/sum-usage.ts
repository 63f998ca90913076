import type { Plan, PlannedTaskSpecification } from '../evaluation/plan.ts';
import type { ScoredSample } from '../evaluation/score.ts';
import type { SolvedSample } from '../evaluation/trace.ts';
import { restateUsage } from '../evaluation/usage/measure-usage.ts';
import { decodeUsage } from '../evaluation/usage/stored-usage.ts';
import { addUsage, onlySent, subtractUsage, toStanding, type Usage } from '../evaluation/usage/usage.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import { type Stage, stages } from '../storage/journal.ts';
import type { SegmentRecord, StageSegments, TaskResultRecord } from '../storage/result-index.ts';
import { readSegmentLines } from '../storage/segment-lines.ts';
import type { Store } from '../storage/store.ts';
import { createSegmentMeter, listAccountedModels } from './segment-meter.ts';

/** What all queries behind the sealed segments of a task result came to, told apart by what was sent for it. */
export async function sumTaskUsage(
  store: Store,
  { plan, task }: { readonly plan: Plan; readonly task: PlannedTaskSpecification },
  record: Pick<TaskResultRecord, 'reuse' | 'mends' | 'waitedFor'>,
  segments: StageSegments,
): Promise<Usage> {
  const solver = sumSegments(segments.solve);
  const judges = sumSegments(segments.score);
  if (record.reuse === 'partial') {
    const standing = toStanding(solver, record.waitedFor === null ? 'stood' : 'waited');
    return addUsage(restateUsage(standing, listAccountedModels(plan, task)), judges);
  }
  const all = addUsage(solver, judges);
  if (record.mends === null) return all;
  // Of what was tried again only the good samples, and the answers that served again, stand: they lie in the blobs.
  const sent = onlySent(all);
  const recorded: Usage[] = [];
  for (const stage of stages)
    recorded.push(toStanding(await measureSegments(store, plan, task, stage, segments[stage])));
  return addUsage(sent, subtractUsage(addUsage(...recorded), toStanding(sent)));
}

function sumSegments(segments: readonly SegmentRecord[]): Usage {
  return addUsage(segments.flatMap(({ usage }) => decodeUsage(usage ?? null)));
}

async function measureSegments(
  store: Store,
  plan: Plan,
  task: PlannedTaskSpecification,
  stage: Stage,
  segments: readonly SegmentRecord[],
): Promise<Usage> {
  const meter = createSegmentMeter(plan, task, stage);
  let sum: Usage = [];
  for (const { blob, usage = null } of segments) {
    try {
      const lines = await readSegmentLines<SolvedSample | ScoredSample>(store.content, blob.digest);
      sum = addUsage(sum, ...lines.map(({ trials }) => meter.measure(trials)));
    } catch (error) {
      // What is lost is only not counted as standing: nothing of the result depends on it.
      if (!isBlobLost(error)) throw error;
      sum = addUsage(sum, decodeUsage(usage));
    }
  }
  return sum;
}
