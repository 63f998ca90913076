import type { RunFileInput } from '../../../evaluation/spec/run-file.ts';

// What a run file of the property test says, field by field, and what the test itself holds of it: which fields belong to
// the solver, which to the scoring section, which to neither. Nothing here asks Stet's own code about keys.

/** Each field has two spellings but for the scorer; an edit changes one field. */
export interface Settings {
  // Up to the solver outputs.
  readonly prompt: number;
  readonly temperature: number;
  /** Text of the second row. */
  readonly row: number;
  /** A cell of a column that no template uses. */
  readonly unusedCell: number;
  readonly trials: number;
  // The scoring section.
  readonly scorer: 'exact' | 'loose' | 'judge';
  /** Which column a scorer compares with. */
  readonly truth: number;
  readonly extraMetric: number;
  readonly exclusion: number;
  /** Counts only where the judge is asked. */
  readonly judgeTemperature: number;
  // In no key.
  readonly words: number;
  readonly pace: number;
  readonly tolerance: number;
}

export const firstSettings: Settings = {
  prompt: 0,
  temperature: 0,
  row: 0,
  unusedCell: 0,
  trials: 0,
  scorer: 'exact',
  truth: 0,
  extraMetric: 0,
  exclusion: 0,
  judgeTemperature: 0,
  words: 0,
  pace: 0,
  tolerance: 0,
};

/** How the specifications of a run file relate: one alone, two that want the same, or two with unlike scoring sections. */
export const shapes = ['alone', 'twins', 'siblings'] as const;
export type Shape = (typeof shapes)[number];

export const rowCount = 3;
export const segmentSize = 2;

/** What one specification of a run file asks for. */
export interface Wanted {
  readonly key: string;
  readonly settings: Settings;
  readonly solverIdentity: string;
  readonly resultIdentity: string;
}

export function listWanted(settings: Settings, shape: Shape): readonly Wanted[] {
  const describe = (key: string, own: Settings): Wanted => {
    const solverIdentity = JSON.stringify([own.prompt, own.temperature, own.row, own.unusedCell, own.trials]);
    const scoring = [own.scorer, own.truth, own.extraMetric, own.exclusion];
    const judge = own.scorer === 'judge' ? [own.judgeTemperature] : [];
    return {
      key,
      settings: own,
      solverIdentity,
      resultIdentity: JSON.stringify([solverIdentity, ...scoring, ...judge]),
    };
  };
  if (shape === 'alone') return [describe('a', settings)];
  const second = shape === 'twins' ? settings : { ...settings, truth: 1 - settings.truth };
  return [describe('a', settings), describe('b', second)];
}

export const maxSampleErrors = ({ tolerance }: Settings): number => tolerance;
export const countTrials = ({ trials }: Settings): number => 1 + trials;

interface Row {
  readonly sample_id: string;
  readonly country: string;
  readonly capital: string;
  readonly other: string;
  readonly unused: string;
}

export function makeRows(settings: Settings): readonly Row[] {
  return Array.from({ length: rowCount }, (_, index) => ({
    sample_id: `c${index}`,
    country: `Country ${index}${index === 1 && settings.row === 1 ? ' of old' : ''}`,
    capital: `Capital ${index}`,
    other: index === 0 ? `Capital ${index}` : 'Nowhere',
    unused: index === 2 ? `unused ${settings.unusedCell}` : 'unused',
  }));
}

export interface Place {
  readonly baseUrl: string;
  readonly policy: 'reuse' | 'update' | 'no-cache';
}

/** The run file. Its credential says on behalf of which run a query is sent; a value of a secret counts in no key. */
export function makeRunFile(settings: Settings, shape: Shape, { baseUrl, policy }: Place): RunFileInput {
  const connection = { connection_type: 'openai_compatible', base_url: baseUrl, api_key: '$RUN_MARK' };
  const pace = { max_concurrent_requests: 64 - settings.pace, request_timeout: 100 + settings.pace, max_retries: 5 };
  const name = settings.words === 0 ? {} : { display_name: 'Another name' };
  const words = settings.words === 0 ? {} : { ...name, description: 'For people.' };
  const specification = { task_key: 'capital-qa', model_key: 'small', ...name };
  return {
    models: [
      {
        key: 'small',
        generation: { temperature: settings.temperature },
        ...pace,
        config: { ...connection, model_key: 'small-1' },
      },
      {
        key: 'judge',
        generation: { temperature: settings.judgeTemperature },
        ...pace,
        config: { ...connection, model_key: 'judge-1' },
      },
    ],
    datasets: [{ key: 'capitals', source: { type: 'inline', samples: makeRows(settings) } }],
    tasks: [
      {
        key: 'capital-qa',
        ...words,
        config_spec: [{ key: 'truth', type: 'string' }],
        definition: {
          dataset: { key: 'capitals' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [
                { role: 'system', content: `Style ${settings.prompt}.` },
                { role: 'user', content: 'Capital of {{ sample.country }}?' },
              ],
            },
          },
          scorers: [makeScorer(settings)],
          actions: settings.exclusion === 0 ? [] : [excludeLast],
        },
      },
    ],
    evaluation: {
      key: 'capitals-eval',
      ...words,
      task_specifications: listWanted(settings, shape).map(({ key, settings: { truth } }) => ({
        key,
        ...specification,
        task_config: { truth: truth === 0 ? '{{ sample.capital }}' : '{{ sample.other }}' },
      })),
    },
    run_config: { cache_policy: policy, trials_config: { num_trials: countTrials(settings) } },
    limits: { max_sample_errors: maxSampleErrors(settings) },
  } as unknown as RunFileInput;
}

const excludeLast = {
  key: 'last',
  action: 'exclude_from_metrics',
  filter: { op: 'equals', expression: '{{ sample.sample_id }}', value: `c${rowCount - 1}` },
};

function makeScorer({ scorer, extraMetric }: Settings) {
  const metrics = [
    { type: 'mean', field: 'is_correct', name: 'accuracy' },
    ...(extraMetric === 0 ? [] : [{ type: 'max', field: 'is_correct', name: 'best' }]),
  ];
  switch (scorer) {
    case 'exact':
      return { type: 'string_equals', ground_truth: '<< config.truth >>', metrics };
    case 'loose':
      return { type: 'includes', text: '<< config.truth >>', ignore_case: true, metrics };
    case 'judge':
      return {
        type: 'model_as_a_judge_classifier',
        model_key: 'judge',
        user_prompt:
          'Row {{ sample.sample_id }}: is "{{ trace.get_last_assistant_text() }}" the same as "<< config.truth >>"?',
        correct_labels: ['good'],
        incorrect_labels: ['bad'],
        metrics,
      };
  }
}

/** What the model answers about a row: wrongly, in capital letters, or well. */
export function answerSolver(query: {
  readonly row: number;
  readonly isOld: boolean;
  readonly prompt: number;
  readonly temperature: number;
}): string {
  const turn = (query.row + query.prompt + (query.isOld ? 1 : 0) + 2 * query.temperature) % 3;
  if (turn === 0) return 'Atlantis';
  return turn === 1 ? `CAPITAL ${query.row}` : `Capital ${query.row}`;
}

/** What the judge holds of it: without temperature it compares without case, with it everything is good. */
export function answerJudge(query: {
  readonly answer: string;
  readonly truth: string;
  readonly temperature: number;
}): 'good' | 'bad' {
  return query.temperature > 0 || query.answer.toLowerCase() === query.truth.toLowerCase() ? 'good' : 'bad';
}

/** The metrics over the rows that were answered. */
export function computeExpectedMetrics(
  settings: Settings,
  failedRows: readonly number[],
): Readonly<Record<string, number | null>> {
  const counted = makeRows(settings)
    .map((row, index) => ({ row, index }))
    .filter(({ index }) => !failedRows.includes(index))
    .filter(({ index }) => settings.exclusion === 0 || index !== rowCount - 1)
    .map(({ row, index }) => {
      const answer = answerSolver({
        row: index,
        isOld: index === 1 && settings.row === 1,
        prompt: settings.prompt,
        temperature: settings.temperature,
      });
      const truth = settings.truth === 0 ? row.capital : row.other;
      return isCorrect(settings, answer, truth) ? 1 : 0;
    });
  const sum = counted.reduce<number>((total, value) => total + value, 0);
  const accuracy = counted.length === 0 ? null : sum / counted.length;
  return settings.extraMetric === 0
    ? { accuracy }
    : { accuracy, best: counted.length === 0 ? null : Math.max(...counted) };
}

function isCorrect({ scorer, judgeTemperature }: Settings, answer: string, truth: string): boolean {
  if (scorer === 'exact') return answer === truth;
  if (scorer === 'loose') return answer.toLowerCase().includes(truth.toLowerCase());
  return answerJudge({ answer, truth, temperature: judgeTemperature }) === 'good';
}
