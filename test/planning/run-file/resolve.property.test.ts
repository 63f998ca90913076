import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import type { RunFileInput } from '../../../evaluation/spec/run-file.ts';
import { readRunFile } from '../../../planning/run-file/index.ts';
import { makeConfigFolder } from './read-config.ts';

const options = { overrides: {}, environment: {}, workingDirectory: '/' };

/** A task that uses one value in every kind of place, written out or through a placeholder. */
function makeRun(
  use: { readonly number: number; readonly text: JsonValue; readonly words: JsonValue },
  isPlaceholder: boolean,
): RunFileInput {
  const put = (name: keyof typeof use): JsonValue => (isPlaceholder ? `<< config.${name} >>` : use[name]);
  const run = {
    models: [{ key: 'm', config: { connection_type: 'placeholder' } }],
    datasets: [{ key: 'd', source: { type: 'inline', samples: [{ q: 1 }] } }],
    tasks: [
      {
        key: 't',
        config_spec: isPlaceholder
          ? [
              { key: 'number', type: 'float' },
              { key: 'text', type: 'string' },
              { key: 'words', type: 'list', dtype: 'string' },
            ]
          : [],
        definition: {
          dataset: { key: 'd' },
          solver: {
            type: 'single_turn_solver',
            input_builder: { type: 'chat_completion', input_messages: [{ role: 'user', content: put('text') }] },
          },
          scorers: [
            {
              type: 'numeric_equals',
              ground_truth: isPlaceholder ? 'is << config.number >>' : `is ${String(use.number)}`,
              tolerance: put('number'),
            },
            { type: 'includes', text: put('words') },
          ],
        },
      },
    ],
    evaluation: {
      key: 'e',
      task_specifications: [{ task_key: 't', model_key: 'm', task_config: isPlaceholder ? use : {} }],
    },
  };
  return run as unknown as RunFileInput;
}

/** Text that is itself looked at by the reader, as placeholder, variable, address or template, when it is written out. */
const meaningful = /<<|^\$|\(\(TODO|^\s*\w+:\/\/|\{[{%#]/;
const plainText = fc.string().filter((text) => !meaningful.test(text));

const values = fc.record({
  number: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  text: plainText,
  words: fc.array(plainText),
});

describe('resolution', () => {
  it('gives one definition for a value written out and for a placeholder with that value', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (use) => {
        const [literal] = (await readRunFile(makeRun(use, false), options)).tasks;
        const [resolved] = (await readRunFile(makeRun(use, true), options)).tasks;
        expect(resolved?.definition).toEqual(literal?.definition);
      }),
      { numRuns: 60 },
    );
  });

  it('depends neither on the order of keys nor on comments', async () => {
    await using folder = await makeConfigFolder({});
    await fc.assert(
      fc.asyncProperty(values, fc.infiniteStream(fc.nat()), async (use, order) => {
        const run = makeRun(use, true);
        const read = (source: RunFileInput) => readRunFile(source, { ...options, workingDirectory: folder.path });
        const [one, other] = await Promise.all([
          read(run),
          read(shuffleKeys(run, () => Number(order.next().value)) as RunFileInput),
        ]);
        expect({ tasks: other.tasks.map(({ definition }) => definition), models: other.models }).toEqual({
          tasks: one.tasks.map(({ definition }) => definition),
          models: one.models,
        });
      }),
      { numRuns: 40 },
    );
    await using files = await makeConfigFolder({
      'a.yaml': 'run_config: {seed: 1, num_samples: 2}\n',
      'b.yaml': '# one\nrun_config: # two\n  num_samples: 2 # three\n  seed: 1\n',
    });
    expect((await files.read({ source: 'b.yaml' })).runConfig).toEqual(
      (await files.read({ source: 'a.yaml' })).runConfig,
    );
  });
});

function shuffleKeys(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, next));
  if (typeof value !== 'object' || value === null) return value;
  const keyed = Object.entries(value).map(([key, child]) => ({ key, child: shuffleKeys(child, next), rank: next() }));
  return Object.fromEntries(keyed.toSorted((a, b) => a.rank - b.rank).map(({ key, child }) => [key, child]));
}
