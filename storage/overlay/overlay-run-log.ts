import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { override } from '../override.ts';
import type { RunLog, RunRecord } from '../run-log.ts';
import type { Store } from '../store.ts';
import { isImported } from './import-result.ts';

/** The runs of a store over those of one that is only read: shared ones can be looked at by their names, and no more. */
export function createOverlayRunLog(own: Store, shared: Store): RunLog {
  const { runs } = own;
  const findOwn = async (reference: string): Promise<RunRecord | undefined> => {
    try {
      const run = await runs.getRun(reference);
      return isImported(run) ? undefined : run;
    } catch (error) {
      if (error instanceof EvaluationError && error.code === 'run-not-found') return undefined;
      throw error;
    }
  };
  const refuseShared = async (runId: string): Promise<void> => {
    if ((await findOwn(runId)) !== undefined) return;
    throw new EvaluationError('usage', `Run ${runId} is one of the shared store, which is only read here.`, {
      hint: 'Run its file anew: what the shared store has of it stands.',
    });
  };
  return override(runs, {
    getRun: async (reference) => (await findOwn(reference)) ?? shared.runs.getRun(reference),
    async findRuns(runIds) {
      const found = (await runs.findRuns(runIds)).filter((run) => !isImported(run));
      const known = new Set(found.map(({ runId }) => runId));
      const others = runIds.filter((runId) => !known.has(runId));
      return others.length === 0 ? found : [...found, ...(await shared.runs.findRuns(others))];
    },
    listRuns: async (options) => (await runs.listRuns(options)).filter((run) => !isImported(run)),
    async listPlannedKeys(runId) {
      return (await findOwn(runId)) === undefined ? shared.runs.listPlannedKeys(runId) : runs.listPlannedKeys(runId);
    },
    async listUsage(runId) {
      return (await findOwn(runId)) === undefined ? shared.runs.listUsage(runId) : runs.listUsage(runId);
    },
    async listProgress(runId) {
      return (await findOwn(runId)) === undefined ? shared.runs.listProgress(runId) : runs.listProgress(runId);
    },
    async takeRun(runId, processId, isAlive) {
      await refuseShared(runId);
      return runs.takeRun(runId, processId, isAlive);
    },
    async reopenRun(runId, options) {
      await refuseShared(runId);
      return runs.reopenRun(runId, options);
    },
    async createMendingRun(run, mendings) {
      await refuseShared(run.mends);
      return runs.createMendingRun(run, mendings);
    },
    async recordRunEnd(runId, options) {
      await refuseShared(runId);
      return runs.recordRunEnd(runId, options);
    },
  });
}
