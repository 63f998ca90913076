import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import { countQueries, nameResult, type Specification, taskShapes } from './evaluation.ts';

/** What an undisturbed run came to. */
export type Reference = Pick<TaskDocument, 'result_digest' | 'metrics'> & { readonly errors: number };

/** A task result of a round beside what it should be. */
export interface ReportedTask {
  readonly run: RunDocument;
  readonly task: TaskDocument;
  readonly specification: Specification;
}

/** @returns What does not hold of the runs of a round. */
export function checkDocuments(
  runs: readonly RunDocument[],
  tasks: readonly ReportedTask[],
  references: ReadonlyMap<string, Reference>,
  isDoubtful: (specification: Specification) => boolean,
): readonly string[] {
  return [
    ...runs.filter(({ status }) => status !== 'completed').map((run) => `run ${run.run} is ${run.status}`),
    ...tasks.flatMap((reported) => {
      const { run, task, specification } = reported;
      const reference = references.get(nameResult(specification));
      return findDifferences(reported, reference, isDoubtful(specification)).map(
        (difference) => `${task.key} (${nameResult(specification)}) of run ${run.run}: ${difference}`,
      );
    }),
  ];
}

/**
 * Queries that a stop abandoned between two tries have left, too, and are counted, as is what an earlier attempt sent: more
 * than the questions may have been sent, never fewer.
 */
function countAsked({ run, task }: Pick<ReportedTask, 'run' | 'task'>, atLeast: number): number {
  const { sent } = task.model_queries;
  const mayExceed = task.reuse !== 'full' || run.attempt > 1;
  return mayExceed ? Math.min(sent, atLeast) : sent;
}

function findDifferences(
  { run, task, specification }: ReportedTask,
  reference: Reference | undefined,
  isDoubtful: boolean,
): readonly string[] {
  if (task.status !== 'completed') return [`is ${task.status}: ${task.error?.message ?? 'no reason given'}`];
  if (reference === undefined) return ['there is no undisturbed run to compare with'];
  const sent =
    (task.reuse === 'none' ? countQueries(specification, 'solve') : 0) +
    (task.reuse === 'full' ? 0 : countQueries(specification, 'score'));
  const comparisons: readonly (readonly [string, unknown, unknown])[] = [
    ['result digest', task.result_digest, reference.result_digest],
    ['metrics', JSON.stringify(task.metrics), JSON.stringify(reference.metrics)],
    ['samples', task.samples.total, taskShapes[specification.task].rows],
    ['samples with errors', task.samples.errors, reference.errors],
    // What was damaged is mended, and that costs queries of its own.
    ['queries sent', isDoubtful ? sent : countAsked({ run, task }, sent), sent],
  ];
  return comparisons
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what} ${String(found)}, not ${String(wanted)}`);
}
