import { ActivityCancellationType, executeChild, ParentClosePolicy, proxyActivities } from '@temporalio/workflow';

// The shape of an evaluation and its task result, as far as recovery sees it. Runs in the workflow sandbox.

const { work } = proxyActivities<{ work(): Promise<string> }>({
  startToCloseTimeout: 600_000,
  heartbeatTimeout: 300_000, // without recovery the tests would wait for this
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: 50 },
});

export function parentWorkflow(childId: string): Promise<string> {
  return executeChild(childWorkflow, {
    workflowId: childId,
    workflowTaskTimeout: 2_000,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  });
}

export function childWorkflow(): Promise<string> {
  return work();
}
