import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDocument } from '../../embedded/index.ts';
import { runCliJson } from '../support/run-cli.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// Real input: 1,319 questions and what four real models answered. The data lies beside the repository and stays there.

const data = fileURLToPath(new URL('../../../shared/data/gsm8k', import.meta.url));
const isPresent = existsSync(path.join(data, 'expected.json'));
if (!isPresent) {
  // Not a note of the reporter, which is easily overlooked: what is skipped here is the only test with real answers.
  process.stderr.write(`\nSKIPPED: test/end-to-end/gsm8k: the folder ${data} is not there.\n\n`);
}

const models = {
  '6b-finetuning': '6b_finetuning',
  '6b-verification': '6b_verification',
  '175b-finetuning': '175b_finetuning',
  '175b-verification': '175b_verification',
} as const;
const keys = Object.keys(models) as (keyof typeof models)[];

/** What stands behind the last "A:", without thousands separators, as text. */
const compareText = {
  type: 'string_equals',
  value: `{{ (trace.get_last_assistant_text().split('A:') | last).replace(',', '').strip() if 'A:' in trace.get_last_assistant_text() else '' }}`,
  ground_truth: '{{ sample.answer }}',
};

/** The same as a number, read by a pattern. */
const compareNumber = {
  type: 'numeric_equals',
  value: `{{ trace.get_last_assistant_text().split('A:') | last }}`,
  extract: 'last',
  ground_truth: '{{ sample.answer }}',
};

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
});

afterAll(() => folder?.[Symbol.asyncDispose]());

function makeRunFile(scorer: Record<string, unknown>) {
  return {
    models: keys.map((key) => ({
      key,
      config: { connection_type: 'recorded', file_path: path.join(data, `answers-${key}.jsonl`) },
    })),
    datasets: [{ key: 'questions', source: { type: 'local', file_path: path.join(data, 'questions.jsonl') } }],
    tasks: [
      {
        key: 'word-problems',
        definition: {
          dataset: { key: 'questions' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [{ role: 'user', content: '{{ sample.question }}' }],
            },
          },
          scorers: [{ ...scorer, metrics: [{ type: 'mean', field: 'is_correct', name: 'accuracy' }] }],
        },
      },
    ],
    evaluation: {
      key: 'gsm8k',
      task_specifications: keys.map((key) => ({ key, task_key: 'word-problems', model_key: key })),
    },
  };
}

describe.skipIf(!isPresent)('GSM8K with the recorded answers of four models', () => {
  it('gives exactly the published counts, then reuses every answer under another comparison', async () => {
    const expected = JSON.parse(await readFile(path.join(data, 'expected.json'), 'utf8')) as {
      readonly samples: number;
      readonly correct: Readonly<Record<string, number>>;
    };
    await folder.write('run.yaml', makeRunFile(compareText));
    const first = await runCliJson<RunDocument>(['run', '-f', 'run.yaml'], { cwd: folder.path });
    expect(first.code, first.stderr).toBe(0);
    expect(first.document.model_queries).toEqual({ sent: 4 * expected.samples, retried: 0, saved: 0 });
    expect(countCorrect(first.document)).toEqual(
      keys.map((key) => ({
        key,
        reuse: 'none',
        samples: expected.samples,
        errors: 0,
        correct: expected.correct[models[key]],
      })),
    );

    await folder.write('run.yaml', makeRunFile(compareNumber));
    const second = await runCliJson<RunDocument>(['run', '-f', 'run.yaml'], { cwd: folder.path });
    expect(second.code, second.stderr).toBe(0);
    expect(second.document.model_queries).toEqual({ sent: 0, retried: 0, saved: 4 * expected.samples });
    for (const [index, task] of second.document.tasks.entries()) {
      expect(task).toMatchObject({
        reuse: 'partial',
        reused_from: first.document.tasks[index]?.task_result,
        samples: { total: expected.samples, errors: 0 },
      });
      expect(task.why?.map((reason) => reason.component)).toContain('scorers');
    }
  }, 120_000);
});

function countCorrect(document: RunDocument) {
  return document.tasks.map(({ key, reuse, samples, metrics }) => ({
    key,
    reuse,
    samples: samples.total,
    errors: samples.errors,
    correct: Math.round((metrics?.['accuracy'] ?? 0) * samples.total * 1e6) / 1e6,
  }));
}
