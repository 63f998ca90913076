import type { HistoryEventJson, HistoryJson } from './store-temporal.ts';

/** A payload as a history holds it. */
function toPayload(value: unknown) {
  return {
    metadata: { encoding: Buffer.from('json/plain').toString('base64') },
    data: Buffer.from(JSON.stringify(value)).toString('base64'),
  };
}

const toPayloads = (...values: readonly unknown[]) => ({ payloads: values.map(toPayload) });

const FIRST_EVENT_MS = Date.UTC(2026, 0, 1);
const taskQueue = { name: 'stet/test' };

/**
 * Writes down what a workflow and a server said to each other, event by event, so that a situation which is hard to bring
 * about drives real workflow code. Every method returns the id of the event that later ones refer to.
 */
export class HistoryBuilder {
  readonly #events: HistoryEventJson[] = [];
  #activities = 0;

  build(): HistoryJson {
    return { events: [...this.#events] };
  }

  start(workflowType: string, workflowId: string, input: unknown): this {
    this.#add('WORKFLOW_EXECUTION_STARTED', {
      workflowType: { name: workflowType },
      workflowId,
      taskQueue,
      input: toPayloads(input),
      workflowExecutionTimeout: '0s',
      workflowRunTimeout: '0s',
      workflowTaskTimeout: '10s',
      originalExecutionRunId: 'run',
      firstExecutionRunId: 'run',
      attempt: 1,
    });
    return this;
  }

  /** One turn of the workflow: what it decided follows. */
  turn(): this {
    const scheduledEventId = this.#add('WORKFLOW_TASK_SCHEDULED', {
      taskQueue,
      startToCloseTimeout: '10s',
      attempt: 1,
    });
    const startedEventId = this.#add('WORKFLOW_TASK_STARTED', {
      scheduledEventId,
      identity: 'test',
      requestId: 'request',
    });
    // Flags of the SDK that wrote it: without them a replay follows the rules of older releases.
    const sdkMetadata = { langUsedFlags: [1, 2, 3, 4], coreUsedFlags: [1, 2, 3] };
    this.#add('WORKFLOW_TASK_COMPLETED', { scheduledEventId, startedEventId, identity: 'test', sdkMetadata });
    return this;
  }

  /** An activity that the last turn asked for, from its beginning to its result. */
  activity(name: string, result?: unknown): this {
    return this.endActivity(this.beginActivity(name), result);
  }

  beginActivity(name: string): string {
    return this.#add('ACTIVITY_TASK_SCHEDULED', {
      activityId: String(++this.#activities),
      activityType: { name },
      taskQueue,
      scheduleToCloseTimeout: '0s',
      scheduleToStartTimeout: '0s',
      startToCloseTimeout: '60s',
      heartbeatTimeout: '5s',
    });
  }

  endActivity(scheduledEventId: string, result?: unknown): this {
    const startedEventId = this.#add('ACTIVITY_TASK_STARTED', { scheduledEventId, identity: 'test', attempt: 1 });
    const value = result === undefined ? {} : { result: toPayloads(result) };
    this.#add('ACTIVITY_TASK_COMPLETED', { scheduledEventId, startedEventId, identity: 'test', ...value });
    return this;
  }

  /** An activity that the last turn asked for although it was cancelled: there is no event of it, but its number is taken. */
  skipActivity(): this {
    this.#activities++;
    return this;
  }

  /** The last turn asked for this activity to stop. */
  requestActivityCancel(scheduledEventId: string): this {
    this.#add('ACTIVITY_TASK_CANCEL_REQUESTED', { scheduledEventId });
    return this;
  }

  /** An activity that was told to stop, and did. */
  cancelActivity(scheduledEventId: string): this {
    const startedEventId = this.#add('ACTIVITY_TASK_STARTED', { scheduledEventId, identity: 'test', attempt: 1 });
    this.#add('ACTIVITY_TASK_CANCELED', { scheduledEventId, startedEventId, identity: 'test' });
    return this;
  }

  /** An activity that ended with an error which is not tried again: because of what it is, or because of a cancel. */
  failActivity(
    scheduledEventId: string,
    type: string,
    because: 'NON_RETRYABLE_FAILURE' | 'CANCEL_REQUESTED' = 'NON_RETRYABLE_FAILURE',
  ): this {
    const startedEventId = this.#add('ACTIVITY_TASK_STARTED', { scheduledEventId, identity: 'test', attempt: 1 });
    const failure = {
      message: 'It failed.',
      source: 'TypeScriptSDK',
      applicationFailureInfo: { type, nonRetryable: because === 'NON_RETRYABLE_FAILURE' },
    };
    const retryState = `RETRY_STATE_${because}`;
    this.#add('ACTIVITY_TASK_FAILED', { scheduledEventId, startedEventId, identity: 'test', failure, retryState });
    return this;
  }

  /** A child that the last turn asked for, and whose id another execution has. */
  refuseChild(workflowType: string, workflowId: string): this {
    const child = { workflowType: { name: workflowType }, namespace: 'default', workflowId };
    const initiatedEventId = this.#add('START_CHILD_WORKFLOW_EXECUTION_INITIATED', { ...child, taskQueue });
    this.#add('START_CHILD_WORKFLOW_EXECUTION_FAILED', {
      ...child,
      initiatedEventId,
      cause: 'START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS',
    });
    return this;
  }

  /** A child that the last turn asked for and that has started. */
  beginChild(
    workflowType: string,
    workflowId: string,
  ): { readonly initiatedEventId: string; readonly startedEventId: string } {
    const child = { workflowType: { name: workflowType }, namespace: 'default' };
    const initiatedEventId = this.#add('START_CHILD_WORKFLOW_EXECUTION_INITIATED', { ...child, workflowId, taskQueue });
    const workflowExecution = { workflowId, runId: 'child-run' };
    const startedEventId = this.#add('CHILD_WORKFLOW_EXECUTION_STARTED', {
      ...child,
      initiatedEventId,
      workflowExecution,
    });
    return { initiatedEventId, startedEventId };
  }

  endChild(
    workflowType: string,
    workflowId: string,
    child: ReturnType<HistoryBuilder['beginChild']>,
    result: unknown,
  ): this {
    const execution = { workflowExecution: { workflowId, runId: 'child-run' }, namespace: 'default' };
    this.#add('CHILD_WORKFLOW_EXECUTION_COMPLETED', {
      workflowType: { name: workflowType },
      ...execution,
      ...child,
      result: toPayloads(result),
    });
    return this;
  }

  /** Somebody ended a child from outside: none of its code ran. */
  terminateChild(workflowType: string, workflowId: string, child: ReturnType<HistoryBuilder['beginChild']>): this {
    const execution = { workflowExecution: { workflowId, runId: 'child-run' }, namespace: 'default' };
    this.#add('CHILD_WORKFLOW_EXECUTION_TERMINATED', { workflowType: { name: workflowType }, ...execution, ...child });
    return this;
  }

  requestCancel(): this {
    this.#add('WORKFLOW_EXECUTION_CANCEL_REQUESTED', { identity: 'test' });
    return this;
  }

  /** The last turn asked a child to cancel, the server passed it on, and the child ended as cancelled. */
  cancelChild(workflowType: string, workflowId: string, child: ReturnType<HistoryBuilder['beginChild']>): this {
    const workflowExecution = { workflowId, runId: 'child-run' };
    const asked = { workflowExecution, namespace: 'default' };
    const initiatedEventId = this.#add('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', {
      ...asked,
      workflowExecution: { workflowId },
      childWorkflowOnly: true,
    });
    this.#add('EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED', { ...asked, initiatedEventId });
    this.#add('CHILD_WORKFLOW_EXECUTION_CANCELED', {
      workflowType: { name: workflowType },
      namespace: 'default',
      workflowExecution,
      ...child,
    });
    return this;
  }

  endCancelled(): this {
    this.#add('WORKFLOW_EXECUTION_CANCELED', {});
    return this;
  }

  endFailed(type: string): this {
    const failure = {
      message: 'It failed.',
      source: 'TypeScriptSDK',
      applicationFailureInfo: { type, nonRetryable: true },
    };
    this.#add('WORKFLOW_EXECUTION_FAILED', { failure, retryState: 'RETRY_STATE_NON_RETRYABLE_FAILURE' });
    return this;
  }

  endContinuedAsNew(workflowType: string, input: unknown): this {
    const next = { newExecutionRunId: 'next-run', workflowType: { name: workflowType }, taskQueue };
    this.#add('WORKFLOW_EXECUTION_CONTINUED_AS_NEW', { ...next, input: toPayloads(input) });
    return this;
  }

  endCompleted(result?: unknown): this {
    this.#add('WORKFLOW_EXECUTION_COMPLETED', result === undefined ? {} : { result: toPayloads(result) });
    return this;
  }

  #add(type: string, attributes: Readonly<Record<string, unknown>>): string {
    const eventId = String(this.#events.length + 1);
    const name = type.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    this.#events.push({
      eventId,
      eventTime: new Date(FIRST_EVENT_MS + 1_000 * this.#events.length).toISOString(),
      eventType: `EVENT_TYPE_${type}`,
      [`${name}EventAttributes`]: attributes,
    });
    return eventId;
  }
}
