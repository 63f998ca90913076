import { defineRun } from '../../embedded/index.ts';

/** The evaluation that benchmarks run: one question a sample, one query a question, and nothing that could be slow itself. */
export interface SumsOptions {
  readonly model: {
    readonly max_concurrent_requests?: number;
    readonly rate_limit?: number;
    readonly config: SumsConnection;
  };
  /** Questions that no other run has asked begin differently. */
  readonly source: SumsRows | { readonly type: 'local'; readonly file_path: string };
  readonly numSamples?: number | undefined;
}

type SumsConnection =
  | { readonly connection_type: 'openai_compatible'; readonly base_url: string; readonly model_key: string }
  | { readonly connection_type: 'typescript'; readonly module: string }
  | { readonly connection_type: 'placeholder' };

interface SumsRows {
  readonly type: 'inline';
  readonly samples: readonly { readonly sample_id: string; readonly question: string; readonly answer: string }[];
}

/** The protocol of OpenAI at such an address. */
export function overHttp(baseUrl: string): SumsConnection {
  return { connection_type: 'openai_compatible', base_url: baseUrl, model_key: 'mock' };
}

export function makeSums(count: number, series = ''): SumsRows['samples'] {
  return Array.from({ length: count }, (_, index) => ({
    sample_id: `q${index}`,
    question: `${series}${index}+1=?`,
    answer: '4',
  }));
}

export function makeSumsRun({ model, source, numSamples }: SumsOptions) {
  return defineRun({
    models: [{ key: model.config.connection_type, ...model }],
    datasets: [
      { key: 'rows', source: source.type === 'inline' ? { ...source, samples: [...source.samples] } : source },
    ],
    tasks: [
      {
        key: 'sums',
        definition: {
          dataset: { key: 'rows' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [{ role: 'user', content: 'What is {{ sample.question }}' }],
            },
          },
          scorers: [{ type: 'string_equals', ground_truth: '{{ sample.answer }}' }],
        },
      },
    ],
    evaluation: { key: 'bench', task_specifications: [{ task_key: 'sums', model_key: model.config.connection_type }] },
    ...(numSamples === undefined ? {} : { run_config: { num_samples: numSamples } }),
  });
}
