import type { Dataset, DatasetSource } from '../spec/datasets.ts';
import type { Connection, Model, ModelAdapter } from '../spec/models.ts';
import type { Evaluation, Limits, ReuseSettings, RunConfig, RunFile, TaskSpecification } from '../spec/run-file.ts';
import type { Scorer } from '../spec/scorers.ts';
import type { Solver } from '../spec/solvers.ts';
import type { Task, TaskDefinition, Trials } from '../spec/tasks.ts';

/** Which key a field counts in: as it stands (`solver`, `scoring`), or by the version of what it belongs to. */
export const parts = ['solver', 'scoring', 'model', 'dataset'] as const;
export type Part = (typeof parts)[number];

/**
 * What becomes of one field of the run config.
 *
 * A part: it counts there, with everything below it. `inside`: a container whose own fields are classified in a table of
 * their own. `excluded`: it counts nowhere, for the reason given.
 */
export type Classification = Part | 'inside' | { readonly excluded: string };

type Fields<T> = T extends unknown ? { readonly [Field in keyof T]-?: Classification } : never;
type ByTag<Union, Tag extends keyof Union> = {
  readonly [Value in Extract<Union[Tag], string>]: Fields<Extract<Union, Record<Tag, Value>>>;
};

const words = { excluded: 'words for people' } as const;
const name = { excluded: 'the name of a thing whose content counts' } as const;
const pace = { excluded: 'pace, not content' } as const;
const resolved = { excluded: 'its resolved values count where they are used' } as const;
const later = { excluded: 'not built yet: a file that uses it is refused' } as const;
const afterwards = { excluded: 'judged afterwards from stored metrics' } as const;

const texts = { display_name: words, description: words, long_description: words } as const;
const scorerCommon = {
  type: 'scoring',
  key: 'scoring',
  display_name: words,
  purpose: 'scoring',
  metrics: 'scoring',
} as const;
const judge = {
  model_key: name,
  user_prompt: 'scoring',
  system_prompt: 'scoring',
  use_structured_outputs: 'scoring',
} as const;
const solverCommon = {
  type: 'solver',
  postprocessor: later,
  message_format: { excluded: 'no effect on what is computed: the trace is always recorded in one form' },
} as const;

/**
 * The one table of what enters which key (format 20). The mapped types make it exhaustive over the schemas: a field, a
 * solver, a scorer, a connection or a source that nobody classified does not build. The fingerprints are made by it, so a
 * field cannot count otherwise than it says here.
 */
export const fieldTable = {
  runFile: {
    secrets: { excluded: 'values are never stored; the names that a model uses count in its version' },
    model_adapters: 'inside',
    models: 'inside',
    dataset_generators: later,
    datasets: 'inside',
    tasks: 'inside',
    evaluation: 'inside',
    config: resolved,
    run_config: 'inside',
    limits: 'inside',
    reuse: 'inside',
    policies: afterwards,
  } satisfies Fields<RunFile>,
  runConfig: {
    num_samples: 'solver',
    subsampling: 'solver',
    cache_policy: { excluded: 'the format says so' },
    trials_config: 'solver',
    seed: 'solver',
  } satisfies Fields<RunConfig>,
  evaluation: {
    key: name,
    ...texts,
    config_spec: resolved,
    task_specifications: 'inside',
    cache_policy: { excluded: 'the format says so' },
    tags: words,
    use_cases: words,
    domains: words,
    providers: words,
  } satisfies Fields<Evaluation>,
  taskSpecification: {
    type: { excluded: 'repeatability counts by its number of runs' },
    key: name,
    task_key: { excluded: 'the key of the task counts, as the task says it' },
    task_config: resolved,
    model_key: name,
    num_samples: 'solver',
    subsampling: 'solver',
    trials: 'solver',
    repeatability: later,
    matrix: later,
    task_result_log_path: later,
    display_name: words,
  } satisfies Fields<TaskSpecification>,
  task: {
    key: 'solver',
    ...texts,
    tasks: words,
    config_spec: resolved,
    definition: 'inside',
    tags: words,
  } satisfies Fields<Task>,
  definition: {
    type: 'solver',
    dataset: 'dataset',
    solver: 'inside',
    scorers: 'inside',
    actions: 'scoring',
    trials: 'inside',
  } satisfies Fields<TaskDefinition>,
  trials: { num_trials: 'solver', score_aggregators: 'scoring' } satisfies Fields<Trials>,
  solver: {
    single_turn_solver: { ...solverCommon, input_builder: 'solver' },
    pass_through_solver: { ...solverCommon, trace_column: 'solver' },
  } satisfies ByTag<Solver, 'type'>,
  scorer: {
    string_equals: { ...scorerCommon, ground_truth: 'scoring', value: 'scoring' },
    string_equals_mcqa: { ...scorerCommon, ground_truth_choice: 'scoring', choices: 'scoring' },
    includes: { ...scorerCommon, text: 'scoring', match: 'scoring', ignore_case: 'scoring', value: 'scoring' },
    regex_match: {
      ...scorerCommon,
      pattern: 'scoring',
      match: 'scoring',
      ignore_case: 'scoring',
      ground_truth: 'scoring',
      value: 'scoring',
    },
    numeric_equals: {
      ...scorerCommon,
      ground_truth: 'scoring',
      extract: 'scoring',
      tolerance: 'scoring',
      relative_tolerance: 'scoring',
      value: 'scoring',
    },
    model_as_a_judge_classifier: { ...scorerCommon, ...judge, correct_labels: 'scoring', incorrect_labels: 'scoring' },
    model_as_a_judge_scorer: { ...scorerCommon, ...judge, score_min: 'scoring', score_max: 'scoring' },
    labeler_via_model: { ...scorerCommon, ...judge, valid_labels: 'scoring' },
    bleu: { ...scorerCommon, ground_truth: 'scoring', value: 'scoring' },
    function_call_coverage: { ...scorerCommon, function_calls: 'scoring', mode: 'scoring' },
    json_schema: { ...scorerCommon, schema: 'scoring', value: 'scoring' },
  } satisfies ByTag<Scorer, 'type'>,
  model: {
    key: name,
    ...texts,
    task: 'model',
    rate_limit: pace,
    max_concurrent_requests: pace,
    secrets: 'model',
    generation: 'model',
    version: 'model',
    price: { excluded: 'accounting' },
    limit_group: pace,
    max_retries: pace,
    request_timeout: pace,
    config: 'inside',
  } satisfies Fields<Model>,
  connection: {
    custom_connection: {
      connection_type: 'model',
      url: 'model',
      adapter: 'inside',
      api_key: 'model',
      model_key: 'model',
      custom_headers: 'model',
      tls_context: { excluded: 'transport' },
    },
    openai_compatible: {
      connection_type: 'model',
      base_url: 'model',
      model_key: 'model',
      api_key: 'model',
      custom_headers: 'model',
      tls_context: { excluded: 'transport' },
    },
    provider_connection: { connection_type: 'model', provider_id: 'model', model_key: 'model' },
    typescript: {
      connection_type: 'model',
      module: { excluded: 'a path: the sources and packages count' },
      export: 'model',
      options: 'model',
    },
    recorded: { connection_type: 'model', file_path: { excluded: 'a path: the bytes of the recording count' } },
    placeholder: { connection_type: 'model' },
  } satisfies ByTag<Connection, 'connection_type'>,
  adapter: {
    key: name,
    ...texts,
    provider: words,
    process_input: 'model',
    process_output: 'model',
  } satisfies Fields<ModelAdapter>,
  dataset: {
    key: name,
    ...texts,
    tags: words,
    source: 'inside',
    generator_specification: later,
  } satisfies Fields<Dataset>,
  source: {
    local: {
      type: { excluded: 'the rows count, wherever they come from' },
      file_path: { excluded: 'a path: the rows count' },
      filters: 'dataset',
      infer_types: 'dataset',
    },
    inline: {
      type: { excluded: 'the rows count, wherever they come from' },
      samples: 'dataset',
      filters: 'dataset',
    },
  } satisfies ByTag<DatasetSource, 'type'>,
  limits: {
    max_sample_errors: { excluded: 'checked at every look-up instead' },
    queries: { excluded: 'stops a run and never shapes a completed result' },
    cost: { excluded: 'stops a run and never shapes a completed result' },
    tokens: { excluded: 'stops a run and never shapes a completed result' },
    duration_s: { excluded: 'stops a run and never shapes a completed result' },
    outage_patience_s: { excluded: 'says how long a model is waited for, not what it answers' },
  } satisfies Fields<Limits>,
  reuse: {
    answers: { excluded: 'says what may stand, not what it is' },
    max_age: { excluded: 'checked at every look-up instead' },
  } satisfies Fields<ReuseSettings>,
} as const;

/** The fields of `value` that count in `part`, as they stand; absent ones stay absent. */
export function pickPart(
  fields: Readonly<Record<string, Classification>>,
  value: object,
  part: Part,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([field]) => fields[field] === part));
}
