import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { findNearestName } from '../../evaluation/nearest-name.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';

/**
 * The results that `RUN` or `RUN/TASK` names.
 *
 * @throws {EvaluationError} `run-not-found`, `run-ambiguous`; `usage` for a task that the run does not have.
 */
export async function findNamedResults(store: Store, reference: string): Promise<readonly TaskResultRecord[]> {
  const { run, task } = await resolve(store, reference);
  const results = await store.housekeeping.listResultsOfRun(run.runId);
  if (task === undefined) return results;
  const named = results.filter(({ key }) => key === task);
  if (named.length > 0) return named;
  const keys = [...new Set(results.map(({ key }) => key))];
  const nearest = findNearestName(task, keys);
  throw new EvaluationError('usage', `Run ${run.runId} has no task "${task}".`, {
    hint: nearest === undefined ? `It has ${keys.join(', ')}.` : `Did you mean "${nearest}"?`,
  });
}

/** A label may hold a slash, the key of a task may not: what is a run as a whole is meant so. */
async function resolve(
  store: Store,
  reference: string,
): Promise<{ readonly run: RunRecord; readonly task: string | undefined }> {
  const slash = reference.lastIndexOf('/');
  try {
    return { run: await store.runs.getRun(reference), task: undefined };
  } catch (error) {
    if (slash === -1 || !(error instanceof EvaluationError) || error.code !== 'run-not-found') throw error;
  }
  return { run: await store.runs.getRun(reference.slice(0, slash)), task: reference.slice(slash + 1) };
}
