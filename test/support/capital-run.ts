import type { RunFileInput } from '../../evaluation/spec/run-file.ts';

/** A small run config about capitals, for tests that change one thing of it. */
export interface CapitalRunOptions {
  readonly baseUrl: string;
  readonly rows?: number;
  /** In place of `rows` made ones. */
  readonly samples?: readonly Record<string, unknown>[];
  /** As in a run file. */
  readonly reuse?: Record<string, unknown>;
  readonly numTrials?: number;
  readonly cachePolicy?: 'reuse' | 'update' | 'no-cache';
  readonly scorers?: readonly Record<string, unknown>[];
  readonly systemPrompt?: string;
  readonly generation?: Record<string, unknown>;
  readonly specifications?: readonly Record<string, unknown>[];
  readonly models?: readonly Record<string, unknown>[];
  readonly maxSampleErrors?: number;
  readonly maxConcurrentRequests?: number;
  /** Further fields of the model, such as `max_retries`. */
  readonly model?: Record<string, unknown>;
  /** Further fields of its connection, such as `api_key`. */
  readonly connection?: Record<string, unknown>;
}

export const exactScorer = { type: 'string_equals', ground_truth: '{{ sample.capital }}' } as const;
export const looseScorer = { type: 'includes', text: '{{ sample.capital }}', ignore_case: true } as const;

/** Rows `Country 0` → `Capital 0` and so on. */
export function makeRows(count: number): { sample_id: string; country: string; capital: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    sample_id: `c${index}`,
    country: `Country ${index}`,
    capital: `Capital ${index}`,
  }));
}

/** Answers like the rows ask: every tenth one wrongly. */
export function answerCapital(prompt: string): string {
  const index = Number(/Country (\d+)/.exec(prompt)?.[1] ?? Number.NaN);
  return index % 10 === 9 ? 'Atlantis' : `Capital ${index}`;
}

export function makeCapitalRun(options: CapitalRunOptions): RunFileInput {
  return {
    models: [
      {
        key: 'small',
        ...(options.maxConcurrentRequests === undefined
          ? {}
          : { max_concurrent_requests: options.maxConcurrentRequests }),
        generation: options.generation ?? { temperature: 0 },
        ...options.model,
        config: {
          connection_type: 'openai_compatible',
          base_url: options.baseUrl,
          model_key: 'small-1',
          ...options.connection,
        },
      },
      ...(options.models ?? []),
    ],
    datasets: [
      { key: 'capitals', source: { type: 'inline', samples: options.samples ?? makeRows(options.rows ?? 20) } },
    ],
    tasks: [
      {
        key: 'capital-qa',
        definition: {
          dataset: { key: 'capitals' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [
                { role: 'system', content: options.systemPrompt ?? 'Name the city only.' },
                { role: 'user', content: 'Capital of {{ sample.country }}?' },
              ],
            },
          },
          scorers: options.scorers ?? [exactScorer],
        },
      },
    ],
    evaluation: {
      key: 'capitals-eval',
      task_specifications: options.specifications ?? [{ key: 'plain', task_key: 'capital-qa', model_key: 'small' }],
    },
    run_config: {
      cache_policy: options.cachePolicy ?? 'reuse',
      ...(options.numTrials === undefined ? {} : { trials_config: { num_trials: options.numTrials } }),
    },
    limits: { max_sample_errors: options.maxSampleErrors ?? 0 },
    ...(options.reuse === undefined ? {} : { reuse: options.reuse }),
  } as unknown as RunFileInput;
}
