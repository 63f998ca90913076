import { fileURLToPath } from 'node:url';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { HistoryJson } from './store-temporal.ts';

const codePath = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
let isInstalled = false;

export interface NamedHistory {
  readonly name: string;
  readonly history: HistoryJson;
}

/** Replays histories against the built bundle; what came of each, by name: an error, or undefined where the code agrees. */
export async function replay(histories: readonly NamedHistory[]): Promise<ReadonlyMap<string, Error | undefined>> {
  if (!isInstalled) {
    // Rejections are what is looked for, no news.
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => undefined),
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
      shutdownSignals: [],
    });
    isInstalled = true;
  }
  const outcomes = new Map<string, Error | undefined>();
  const source = histories.map(({ name, history }) => ({ workflowId: name, history }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, source)) {
    outcomes.set(workflowId, error);
  }
  return outcomes;
}
