import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { readServerRecord } from './stores/place-store.ts';

/** The embedded Temporal server of a store, while something holds it open. */
export interface StoreTemporal extends AsyncDisposable {
  readonly client: Client;
  readonly address: string;
  /** Every execution in its namespace, the links of a continued one apart; waits until each of these ids is listed. */
  listExecutions(expectedWorkflowIds?: readonly string[]): Promise<readonly WorkflowExecutionInfo[]>;
  fetchHistory(execution: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>): Promise<HistoryJson>;
  /**
   * All text that Temporal shows of an execution beside its history: memo, summaries, search attributes, and of what is
   * pending the last failure and the heartbeat details.
   */
  describeAsText(execution: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>): Promise<string>;
  /** What the web page of an execution says it is doing; a worker has to answer. */
  readLiveDetails(execution: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>): Promise<string>;
}

/** As `temporal workflow show --output json` prints it. */
export interface HistoryJson {
  readonly events: readonly HistoryEventJson[];
}

export interface HistoryEventJson {
  readonly eventId: string;
  readonly eventType: string;
  readonly [attributes: string]: unknown;
}

const LISTING_DEADLINE_MS = 10_000;

export async function connectStoreTemporal(store: string): Promise<StoreTemporal> {
  const record = await readServerRecord(store);
  const address = `127.0.0.1:${record.port}`;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    client,
    address,
    async listExecutions(expected = []) {
      const deadline = Date.now() + LISTING_DEADLINE_MS;
      for (;;) {
        const listed: WorkflowExecutionInfo[] = [];
        for await (const execution of client.workflow.list()) listed.push(execution);
        const ids = new Set(listed.map(({ workflowId }) => workflowId));
        if (expected.every((id) => ids.has(id))) return listed; // lists lag behind
        if (Date.now() > deadline) throw new Error(`Not listed: ${expected.filter((id) => !ids.has(id)).join(', ')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async fetchHistory({ workflowId, runId }) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      return JSON.parse(historyToJSON(history)) as HistoryJson;
    },
    async describeAsText({ workflowId, runId }) {
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      return collectText(raw).join('\n');
    },
    async readLiveDetails({ workflowId, runId }) {
      const metadata = await client.workflow.getHandle(workflowId, runId).query('__temporal_workflow_metadata');
      return (metadata as { readonly currentDetails?: string }).currentDetails ?? '';
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** Every text within, bytes read as such. */
function collectText(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...collectText(inner)]);
}

/** Every payload within a history, decoded. */
export function listPayloads(history: HistoryJson): readonly { readonly text: string; readonly sizeBytes: number }[] {
  const payloads: { text: string; sizeBytes: number }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { metadata, data } = value as { readonly metadata?: unknown; readonly data?: unknown };
    if (metadata !== undefined && typeof data === 'string') {
      const bytes = Buffer.from(data, 'base64');
      payloads.push({ text: bytes.toString('utf8'), sizeBytes: bytes.byteLength });
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(history);
  return payloads;
}
