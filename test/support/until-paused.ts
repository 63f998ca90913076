import { expect } from 'vitest';
import { makeTaskResultWorkflowId } from '../../contracts/ids.ts';
import { openStore } from '../../storage/index.ts';
import { connectStoreTemporal } from './store-temporal.ts';

/** Until whoever works on the first task of a run says, in the heartbeat of a segment, that it sends nothing. */
export async function untilPaused(storeDirectory: string, runId: string): Promise<void> {
  const store = await openStore(storeDirectory);
  const [task] = await store.results.listTaskResults(runId);
  const storeId = await store.runs.getStoreId();
  await store.close();
  if (task === undefined) throw new Error('The run has no task.');
  const workflowId = makeTaskResultWorkflowId({ ...task, storeId, verdict: 'none' });
  await using temporal = await connectStoreTemporal(storeDirectory);
  const describe = async () => {
    const { runId: executionId } = await temporal.client.workflow.getHandle(workflowId).describe();
    return temporal.describeAsText({ workflowId, runId: executionId });
  };
  // A workflow that was lost with Temporal's database is not there before it is started again.
  await expect.poll(() => describe().catch(String), { timeout: 30_000 }).toContain('the run is paused');
}
