import type { JsonObject } from '../../contracts/json.ts';
import type { TaskResultRecord } from '../result-index.ts';
import type { Store } from '../store.ts';
import type { SharedResult } from './import-result.ts';

/** A result of the shared store with all that its record refers to; undefined where it is not there. */
export async function findSharedResult(shared: Store, taskResultId: string): Promise<SharedResult | undefined> {
  const [result] = await shared.results.findTaskResults([taskResultId]);
  if (result === undefined) return undefined;
  const [run, solve, score, fingerprints] = await Promise.all([
    shared.runs.getRun(result.runId),
    shared.results.listSegments(taskResultId, 'solve'),
    shared.results.listSegments(taskResultId, 'score'),
    findFingerprints(shared, result),
  ]);
  return { run, result, fingerprints, segments: { solve, score } };
}

/** Of the specification that it is the result of; of one that another has taken the place of, as they were compared. */
async function findFingerprints(shared: Store, result: TaskResultRecord): Promise<SharedResult['fingerprints']> {
  const planned = await shared.runs.listPlannedKeys(result.runId);
  const own = planned.find(({ key, resultKey }) => key === result.key && resultKey === result.resultKey);
  if (own !== undefined) return { solver: own.solverFingerprint, result: own.resultFingerprint };
  const found = await shared.results.findFingerprints([result.solverKey, result.resultKey]);
  const none: JsonObject = {};
  return { solver: found.get(result.solverKey) ?? none, result: found.get(result.resultKey) ?? none };
}
