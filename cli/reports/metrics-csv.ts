import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { countCutOff, countRefused } from '../output/answer-counts.ts';
import { renderCsvRecord } from './csv.ts';

type Cell = JsonValue | undefined;

const columns: readonly (readonly [title: string, read: (run: RunDocument, task: TaskDocument) => Cell])[] = [
  ['run', ({ run }) => run],
  ['evaluation', ({ evaluation }) => evaluation],
  ['label', ({ label }) => label],
  ['task', (_, { key }) => key],
  ['task_key', (_, { task_key: key }) => key],
  ['status', (_, { status }) => status],
  ['reuse', (_, { reuse }) => reuse],
  ['reused_from', (_, { reused_from: from }) => from],
  ['samples', (_, { samples }) => samples.total],
  ['errors', (_, { samples }) => samples.errors],
  ['excluded_from_metrics', (_, { samples }) => samples.excluded_from_metrics],
  ['answers_cut_off', (_, task) => countCutOff(task)],
  ['answers_refused', (_, task) => countRefused(task)],
  ['queries_sent', (_, { model_queries: queries }) => queries.sent],
  ['queries_retried', (_, { model_queries: queries }) => queries.retried],
  ['queries_saved', (_, { model_queries: queries }) => queries.saved],
  ['answers_stood', (_, { answers_stood: stood = 0 }) => stood],
  ['prompt_tokens', (_, { tokens }) => tokens?.prompt],
  ['completion_tokens', (_, { tokens }) => tokens?.completion],
  // An exact decimal, which a float would not be; null where a model has no price.
  ['cost_micro_usd', (_, { cost_micros: cost }) => cost],
  ['started_at', (_, { started_at: startedAt }) => startedAt],
  ['ended_at', (_, { ended_at: endedAt }) => endedAt],
];

/** A row per task and metric, in full precision; a task without metrics has one row, with its status. */
export function renderMetricsCsv(run: RunDocument): string {
  const head = [...columns.map(([title]) => title), 'metric', 'value', 'reason', 'partial'];
  const rows = run.tasks.flatMap((task) => {
    const facts = columns.map(([, read]) => read(run, task));
    const metrics = Object.entries(task.metrics ?? {});
    if (metrics.length === 0) return [[...facts, null, null, task.error?.code, null]];
    return metrics.map(([name, value]) => [...facts, name, value, task.metric_reasons[name], task.metrics_are_partial]);
  });
  return [head, ...rows].map(renderCsvRecord).join('');
}
