import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { describeEvaluation, listEvaluationAttributes } from '../contracts/evaluation-attributes.ts';
import { makeEvaluationWorkflowId, makeStoreQueue, makeWorkQueue } from '../contracts/ids.ts';
import { evaluationWorkflowName } from '../contracts/workflow-inputs.ts';
import { makeEvaluationInput } from '../planning/make-evaluation-input.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { askTemporal } from './ask-temporal.ts';
import type { Session } from './host.ts';
import { readStoredPlan } from './stored-plan.ts';

const GRPC_INVALID_ARGUMENT = 3;
const RETRY_MS = 3_000;

/**
 * Starts the workflow of a run, or attaches to it where it is open: the id is the run's. Task results that have a final
 * status are found so by the first cache check, under every policy.
 */
export async function startWorkflow(session: Session, store: Store, run: RunRecord): Promise<void> {
  const { storeId, client, workflowTaskTimeoutMs } = session;
  const { runId, plan } = run;
  const input = makeEvaluationInput(run, await store.results.listTaskResults(runId), {
    storeId,
    workQueue: run.workQueue ?? makeWorkQueue(storeId, runId),
    workflowTaskTimeoutMs,
    plan: (await readStoredPlan(store, run)).plan,
  });
  const start = () =>
    askTemporal(() =>
      client.workflow.start(evaluationWorkflowName, {
        args: [input],
        taskQueue: makeStoreQueue(storeId),
        workflowId: makeEvaluationWorkflowId({ storeId, runId }),
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: workflowTaskTimeoutMs,
        staticSummary: `evaluation ${run.evaluationKey}`.slice(0, 200),
        staticDetails: describeEvaluation(input),
        typedSearchAttributes: listEvaluationAttributes(input),
        memo: { planRef: plan },
      }),
    );
  await start().catch(async (error: unknown) => {
    if (!isInvalidArgument(error)) throw error;
    await sleep(RETRY_MS, undefined, { signal: session.closing });
    await start();
  });
}

/** On a cluster search attributes that were registered a moment ago are not known everywhere yet. */
function isInvalidArgument(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === GRPC_INVALID_ARGUMENT;
}
