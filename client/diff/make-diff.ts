import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { adjustByHolm } from '../../evaluation/compare/adjust-by-holm.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import { makeRunDocument } from '../make-run-document.ts';
import { type ChosenTask, chooseRun, pairTasks, pairTasksBy, type TaskPair } from './choose-tasks.ts';
import { compareTasks, type DiffSide } from './compare-tasks.ts';
import type { DiffDocument, DiffOptions, DiffRunDocument, TaskDiffDocument } from './diff-document.ts';
import { judgeGates, parseGates } from './judge-gates.ts';

const defaults = { confidence: 0.95, samples: 20 } as const;

/** Two runs, or a task of each, side by side. */
export async function diffRuns(
  store: Store,
  references: readonly [first: string, second: string],
  options: DiffOptions,
): Promise<DiffDocument> {
  checkOptions(options);
  const [first, second] = [await chooseRun(store, references[0]), await chooseRun(store, references[1])];
  const { pairs, onlyInFirst, onlyInSecond } = pairTasks(first, second);
  const document = await makeDiff(store, pairs, options);
  return { ...document, only_in_first: onlyInFirst, only_in_second: onlyInSecond };
}

/** Specifications of one run side by side that differ in one thing. */
export async function diffBy(
  store: Store,
  reference: string,
  { by, ...options }: DiffOptions & { readonly by: string },
): Promise<DiffDocument> {
  checkOptions(options);
  const document = await makeDiff(store, pairTasksBy(await chooseRun(store, reference), by), options);
  return { ...document, by };
}

/** What can be known to be wrong before anything is read. */
function checkOptions({ confidence = defaults.confidence, samples = 0, failIf = [] }: DiffOptions): void {
  parseGates(failIf);
  if (!(confidence > 0.5 && confidence < 1)) {
    throw new EvaluationError('usage', `The confidence level ${confidence} is not between 0.5 and 1.`, {
      hint: 'Write it as a share, such as 0.95.',
    });
  }
  if (!(samples >= 0)) throw new EvaluationError('usage', `${samples} is no number of samples.`);
}

async function makeDiff(
  store: Store,
  pairs: readonly TaskPair[],
  { confidence = defaults.confidence, samples = defaults.samples, failIf = [] }: DiffOptions,
): Promise<DiffDocument> {
  const findSide = createSideFinder(store);
  const tasks: TaskDiffDocument[] = [];
  for (const [first, second] of pairs) {
    tasks.push(await compareTasks(store, [await findSide(first), await findSide(second)], { confidence, samples }));
  }
  const [[first, second]] = pairs as readonly [TaskPair, ...TaskPair[]];
  const { corrected, comparisons } = correct(tasks, confidence);
  return {
    first: describeRun(first.run),
    second: describeRun(second.run),
    by: null,
    confidence,
    correction: { method: 'holm', comparisons },
    tasks: corrected,
    only_in_first: [],
    only_in_second: [],
    gates: judgeGates(parseGates(failIf), corrected),
  };
}

/** Finds the records and the documents of each run once. */
function createSideFinder(store: Store): (chosen: ChosenTask) => Promise<DiffSide> {
  const read = async (run: RunRecord) => ({
    records: await store.results.listTaskResults(run.runId),
    document: await makeRunDocument(store, run),
  });
  const known = new Map<string, ReturnType<typeof read>>();
  return async (chosen) => {
    const { run, task } = chosen;
    const reading = known.get(run.runId) ?? read(run);
    known.set(run.runId, reading);
    const { records, document } = await reading;
    const record = records.find(({ key }) => key === task.key);
    const found = document.tasks.find(({ key }) => key === task.key);
    if (record === undefined || found === undefined) {
      throw new EvaluationError('store-damaged', `Run ${run.runId} has no task result for its task "${task.key}".`);
    }
    return { ...chosen, record, document: found };
  };
}

function describeRun(run: RunRecord): DiffRunDocument {
  return {
    run: run.runId,
    evaluation: run.evaluationKey,
    label: run.label,
    status: run.status,
    started_at: run.startedAt,
  };
}

/** Over all comparisons of the document: the more of them are looked at, the more of them chance makes look like something. */
function correct(tasks: readonly TaskDiffDocument[], confidence: number) {
  const pValues = tasks.flatMap(({ metrics }) => metrics.flatMap(({ p_value: pValue }) => pValue ?? []));
  const adjusted = adjustByHolm(pValues);
  let next = 0;
  const corrected = tasks.map((task) => ({
    ...task,
    metrics: task.metrics.map((metric) => {
      if (metric.p_value === null) return metric;
      const pAdjusted = adjusted[next++] ?? 1;
      return { ...metric, p_adjusted: pAdjusted, is_beyond_noise: pAdjusted < 1 - confidence };
    }),
  }));
  return { corrected, comparisons: pValues.length };
}
