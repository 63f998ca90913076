import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { defineRun } from '../../embedded/index.ts';
import { type Evaluation, nameRow, type Specification, type TaskName, taskShapes } from './evaluation.ts';
import { makeHeading, makeTruth, type Role } from './questions.ts';

/** Queries at once of the two models; together the most that a killed command can have had in flight. */
export const concurrencies = { answerer: 32, judge: 16 } as const;
export const mostInFlight = concurrencies.answerer + concurrencies.judge;

/** Variable that holds the name of a process; as a secret it is part of no key. */
export const processVariable = 'CHAOS_PROCESS';

/** Writes the run file of an evaluation and the rows it needs; the same evaluation always gives the same bytes. */
export async function writeRunFile(
  folder: string,
  name: string,
  evaluation: Evaluation,
  baseUrl: string,
): Promise<string> {
  const editions = new Map(evaluation.specifications.map((entry) => [nameDataset(entry), entry]));
  for (const entry of editions.values()) {
    // Under another name for other rows: a file is never changed while somebody may read it.
    await writeFile(path.join(folder, `${nameDataset(entry)}.jsonl`), makeRows(entry)).catch(ignoreExisting);
  }
  const file = path.join(folder, name);
  // In one step: a command that comes up meanwhile may read it.
  await writeFile(`${file}.new`, JSON.stringify(makeRunFile(evaluation, baseUrl), undefined, 1));
  await rename(`${file}.new`, file);
  return file;
}

function makeRunFile({ key, policy, specifications }: Evaluation, baseUrl: string) {
  const tasks = [...new Map(specifications.map((entry) => [entry.task, entry])).values()];
  return defineRun({
    secrets: { process: `$${processVariable}` },
    models: Object.entries(concurrencies).map(([model, most]) => ({
      key: model,
      max_concurrent_requests: most,
      config: {
        connection_type: 'openai_compatible' as const,
        base_url: baseUrl,
        model_key: model,
        api_key: '<< secrets.process >>' as const,
      },
    })),
    datasets: [...new Map(specifications.map((entry) => [nameDataset(entry), entry])).keys()].map((dataset) => ({
      key: dataset,
      source: { type: 'local' as const, file_path: `./${dataset}.jsonl` },
    })),
    tasks: tasks.map(makeTask),
    evaluation: {
      key,
      task_specifications: specifications.map((entry) => ({
        key: entry.key,
        task_key: entry.task,
        model_key: 'answerer',
        task_config: { rubric: entry.rubric },
      })),
    },
    run_config: { cache_policy: policy },
    limits: { max_sample_errors: 0.2 }, // some judgements never can be read
  });
}

function makeTask(specification: Specification) {
  const { task } = specification;
  const { trials } = taskShapes[task];
  return {
    key: task,
    config_spec: [{ key: 'rubric', type: 'string' as const }],
    definition: {
      dataset: { key: nameDataset(specification) },
      solver: {
        type: 'single_turn_solver' as const,
        input_builder: {
          type: 'chat_completion' as const,
          input_messages: [
            {
              role: 'user' as const,
              content: `${makeTemplateHeading(task, 'solve', '')}what goes with {{ sample.word }}?`,
            },
          ],
        },
      },
      scorers: makeScorers(task),
      ...(trials === 1 ? {} : { trials: { num_trials: trials } }),
    },
  };
}

/** Every scoring section names the rubric, so that another rubric is another result key. */
function makeScorers(task: TaskName) {
  const exact = { type: 'string_equals', key: 'exact', ground_truth: '{{ sample.truth }}' } as const;
  const worded = { type: 'includes', key: 'worded-<< config.rubric >>', text: '{{ sample.word }}' } as const;
  const ask = (role: Role) =>
    `${makeTemplateHeading(task, role, '<< config.rubric >>')}is "{{ trace.get_last_assistant_text() }}" right?`;
  const judges = taskShapes[task].judges.map((role) =>
    role === 'grade'
      ? ({ type: 'model_as_a_judge_scorer', key: 'grade', model_key: 'judge', user_prompt: ask('grade') } as const)
      : ({
          type: 'model_as_a_judge_classifier',
          key: 'verdict',
          model_key: 'judge',
          user_prompt: ask('verdict'),
          correct_labels: ['good'],
          incorrect_labels: ['bad'],
        } as const),
  );
  return [exact, worded, ...judges];
}

function makeTemplateHeading(task: TaskName, role: Role, rubric: string): string {
  return makeHeading({ task, role, rubric, row: '{{ sample.sample_id }}' });
}

function nameDataset({ task, edition }: Specification): string {
  return `${task}-rows-${edition}`;
}

function makeRows({ task, edition }: Specification): string {
  const rows = Array.from({ length: taskShapes[task].rows }, (_, index) => {
    const row = nameRow(edition, index);
    return { sample_id: row, word: `thing ${index}`, truth: makeTruth(task, row) };
  });
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
