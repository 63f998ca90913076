import type { Release } from '../../evaluation/spec/common.ts';
import type { ConfigPath } from './config-node.ts';

/** A spelling of an earlier version of the format (format 18), recognised by name so that it is never an unknown key. */
export interface OlderSpelling {
  /** Release that accepts it; absent for what no release will accept. */
  readonly release?: Release;
  readonly hint: string;
  /** Required keys that it stood for, so that they are not reported as missing beside it. */
  readonly replaces?: readonly string[];
}

const older = (hint: string, ...replaces: readonly string[]): OlderSpelling => ({ release: 'B', hint, replaces });

const specification = 'evaluation.task_specifications.[]';

/** Place with `[]` for an index → key → what became of it. */
const olderKeys: Readonly<Record<string, Readonly<Record<string, OlderSpelling>>>> = {
  '': {
    evaluations: { release: 'C', hint: 'Put each run config into a file of its own.' },
  },
  evaluation: {
    num_samples: older('Write run_config.num_samples.'),
    subsampling: older('Write run_config.subsampling.'),
    mode: older('Write run_config.num_samples: 10 for "debug", the size for "fast", nothing for "full".'),
    fast_subset_size: older('Write run_config.num_samples.'),
  },
  [specification]: {
    dataset_key: older('Write task_config.dataset_key, with a dataset parameter of that name in the task.'),
    trials_config: older('Write trials.'),
    repeatability_config: older('Write repeatability.'),
  },
  'tasks.[]': {
    evaluated_entity_type: older('Remove it: a task with a solver evaluates the model.'),
  },
  'tasks.[].definition': {
    evaluated_entity_type: older('Remove it: a task with a solver evaluates the model.'),
  },
  'tasks.[].definition.scorers.[]': {
    ground_truth_choice_field: older(`Write ground_truth_choice: '{{ sample["column"] }}'.`, 'ground_truth_choice'),
    choices_field: older(`Write choices: '{{ sample["column"] | tojson }}'.`, 'choices'),
  },
  'datasets.[]': {
    file_path: older('Write source: {type: local, file_path: …}.', 'source'),
  },
  'models.[]': {
    adapter: older('Write config.adapter.key.'),
  },
  'model_adapters.[]': {
    task: older('Remove it.'),
  },
};

const olderValues: Readonly<Record<string, Readonly<Record<string, OlderSpelling>>>> = {
  'tasks.[].definition.type': {
    declarative_task: older('Write benchmark_task, or leave the type out.'),
    predefined: { hint: 'It names a task of a hosted platform; declare the task in this file.' },
  },
  'tasks.[].definition.solver.message_format': {
    latticeflow: older('Remove it: the trace is always recorded, in open_responses form.'),
  },
};

export function findOlderKey(parent: ConfigPath, key: string): OlderSpelling | undefined {
  const keys = olderKeys[placeOf(parent)];
  return keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
}

export function findOlderValue(place: ConfigPath, value: string): OlderSpelling | undefined {
  const values = olderValues[placeOf(place)];
  return values !== undefined && Object.hasOwn(values, value) ? values[value] : undefined;
}

/** Whether a key is missing only because an older one stands in its place. */
export function isReplaced(parent: ConfigPath, key: string, presentKeys: Iterable<string>): boolean {
  return [...presentKeys].some((present) => findOlderKey(parent, present)?.replaces?.includes(key));
}

function placeOf(path: ConfigPath): string {
  return path.map((segment) => (typeof segment === 'number' ? '[]' : segment)).join('.');
}
