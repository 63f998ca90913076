import { hostname } from 'node:os';
import { override } from '../storage/override.ts';
import type { ProcessRecord, RunLog, RunRecord } from '../storage/run-log.ts';
import { isOnThisMachine } from './process-registry.ts';

/**
 * The run log of a store that several machines share, each with a Temporal of its own: open runs are those that belong
 * here, and no other is taken up. The workflow of another machine's run is in that machine's Temporal, which goes on with
 * it when it is back; begun a second time here, its queries would be sent twice.
 */
export function keepToOwnRuns(runs: RunLog): RunLog {
  return override(runs, {
    async findOpenRuns() {
      const [open, processes] = await Promise.all([runs.findOpenRuns(), runs.listProcesses()]);
      return open.filter((run) => isOwn(run, processes));
    },
    async takeRun(runId, processId, isAlive) {
      if (!isOwn(await runs.getRun(runId), await runs.listProcesses())) return false;
      return runs.takeRun(runId, processId, (owner) => !isOnThisMachine(owner) || isAlive(owner));
    },
  });
}

/** By its owner or, where it has none any more, by who began it. */
function isOwn({ ownerId, origin }: RunRecord, processes: readonly ProcessRecord[]): boolean {
  const owner = processes.find(({ processId }) => processId === ownerId);
  return owner === undefined ? origin['host'] === hostname() : isOnThisMachine(owner);
}
