import { defineRun } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';

export interface FileOptions {
  /** Counts in every solver key. */
  readonly generation: number;
  readonly scorer?: string;
  readonly prompt?: string;
  readonly maxTokens?: number;
}

const modelCount = 20;
const rowCount = 50;

/** An evaluation of so many task specifications: each task with each of 20 models, with prompts as long as people write. */
export function makeFile(specifications: number, options: FileOptions): RunFileInput {
  const taskCount = Math.ceil(specifications / modelCount);
  const { generation, scorer = 'as it was', prompt = 'Answer', maxTokens = 100 } = options;
  return defineRun({
    models: numbers(modelCount).map((model) => ({
      key: `model-${model}`,
      generation: { temperature: generation / 100, max_tokens: maxTokens },
      price: { input: 0.5, output: 2 },
      config: { connection_type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', model_key: `m-${model}` },
    })),
    datasets: [
      {
        key: 'rows',
        source: {
          type: 'inline',
          samples: numbers(rowCount).map((row) => ({
            sample_id: `s${row}`,
            question: `Question ${row}?`,
            answer: 'yes',
          })),
        },
      },
    ],
    tasks: numbers(taskCount).map((task) => ({
      key: `task-${task}`,
      definition: {
        type: 'benchmark_task',
        dataset: { key: 'rows' },
        solver: {
          type: 'single_turn_solver',
          input_builder: {
            type: 'chat_completion',
            input_messages: [
              { role: 'system', content: `${prompt} as task ${task} wants it. ${'Be brief and exact. '.repeat(40)}` },
              { role: 'user', content: '{{ sample.question }}' },
            ],
          },
        },
        scorers: [
          { type: 'string_equals', key: 'exact', ground_truth: '{{ sample.answer }}' },
          { type: 'includes', key: 'loose', text: ['{{ sample.answer }}', scorer] },
        ],
      },
    })),
    evaluation: {
      key: 'large',
      task_specifications: numbers(specifications).map((index) => ({
        key: `spec-${index}`,
        task_key: `task-${Math.floor(index / modelCount)}`,
        model_key: `model-${index % modelCount}`,
      })),
    },
  } as unknown as RunFileInput);
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
