import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../contracts/json.ts';
import { describeField } from '../../../evaluation/reuse/describe-difference.ts';
import { findDifferences } from '../../../evaluation/reuse/explain-difference.ts';

const scorer = {
  key: 'quality',
  type: 'model_as_a_judge_scorer',
  revision: 1,
  judge_revision: 1,
  user_prompt: 'Rate it.',
  model: { generation: { temperature: 0 }, connection: { connection_type: 'openai_compatible', model_key: 'j' } },
  metrics: [{ key: 'mean', type: 'mean', field: 'score', revision: 1 }],
};
const fingerprint: JsonObject = {
  task: { key: 'qa' },
  dataset: { version: 'sha256:a' },
  template_engine: 1,
  solver: {
    type: 'single_turn_solver',
    revision: 1,
    input_builder: { type: 'chat_completion', input_messages: [{ role: 'user', content: 'Say it.' }] },
  },
  model: {
    generation: { temperature: 0 },
    connection: { connection_type: 'openai_compatible', model_key: 'small-1' },
    connection_revision: 1,
  },
  scorers: [scorer],
  actions: { rules: [{ key: 'skip', action: 'exclude_from_metrics' }], revision: 1, filter_revision: 1 },
  run_config: { seed: 0 },
};

/** The fingerprint with one value changed. */
function change(path: string, value: unknown): JsonObject {
  const copy = structuredClone(fingerprint) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy as JsonObject;
}

const say = (after: JsonObject, before = fingerprint) =>
  findDifferences(before, after).map((difference) =>
    describeField(difference, { before, after, modelKey: 'small', rows: { before: 20, after: 21 } }),
  );

describe('a difference in a sentence', () => {
  test.each([
    ['model.generation.temperature', 0.5, 'Model "small": generation.temperature changed from 0 to 0.5.'],
    ['model.generation.top_p', 1, 'Model "small": generation.top_p is new: 1.'],
    ['model.connection.model_key', 'small-2', 'Model "small": config.model_key changed from "small-1" to "small-2".'],
    ['model.connection_revision', 2, "Stet's own openai_compatible connection changed (revision 1 to 2)."],
    ['model.module', 'sha256:x', 'Model "small": the source of its module changed.'],
    ['dataset.version', 'sha256:b', 'The rows of the dataset changed: 21 now, 20 before.'],
    ['template_engine', 2, "Stet's own template engine changed (revision 1 to 2)."],
    ['solver.revision', 2, "Stet's own single_turn_solver changed (revision 1 to 2)."],
    [
      'solver.input_builder.input_messages.0.content',
      'Tell it.',
      'Solver: input_builder.input_messages[0].content changed from "Say it." to "Tell it.".',
    ],
    ['scorers.0.user_prompt', 'Judge it.', 'Scorer "quality": user_prompt changed from "Rate it." to "Judge it.".'],
    ['scorers.0.system_prompt', 'Be kind.', 'Scorer "quality": system_prompt is new: "Be kind.".'],
    ['scorers.0.user_prompt', undefined, 'Scorer "quality": user_prompt is gone; it was "Rate it.".'],
    ['scorers.0.revision', 2, "Stet's own model_as_a_judge_scorer changed (revision 1 to 2)."],
    ['scorers.0.judge_revision', 2, "Stet's own instructions to judges changed (revision 1 to 2)."],
    [
      'scorers.0.model.generation.temperature',
      1,
      'Scorer "quality", judge model: generation.temperature changed from 0 to 1.',
    ],
    [
      'scorers.0.model.connection.model_key',
      'k',
      'Scorer "quality", judge model: config.model_key changed from "j" to "k".',
    ],
    ['scorers.0.metrics.0.field', 'x', 'Scorer "quality", metric "mean": field changed from "score" to "x".'],
    ['scorers.0.metrics.0.revision', 2, "Stet's own mean changed (revision 1 to 2)."],
    ['scorers.1', { key: 'exact', type: 'string_equals' }, 'Scorer "exact" is new.'],
    ['scorers', [], 'Scorer "quality" is gone.'],
    ['actions.rules.0.action', 'x', 'Action rule "skip": action changed from "exclude_from_metrics" to "x".'],
    ['actions.filter_revision', 2, "Stet's own filters changed (revision 1 to 2)."],
    ['run_config.seed', 7, 'run_config: seed changed from 0 to 7.'],
    ['task.key', 'other', 'Task: key changed from "qa" to "other".'],
  ])('%s → %j', (path, value, sentence) => {
    expect(say(change(path, value))).toEqual([sentence]);
  });

  test('names the kind of a thing that became another', () => {
    const after = change('model.connection', { connection_type: 'recorded' });
    expect(say(after)).toEqual(['Model "small": config changed from openai_compatible to recorded.']);
  });

  test('shows of a long line what differs, and of many lines how many', () => {
    const path = 'scorers.0.user_prompt';
    const long = `Rate the answer from 1 to 5, where ${'very '.repeat(20)}good is 5.`;
    const sentence = say(change(path, long.replace('5.', '4.')), change(path, long))[0];
    expect(sentence).toContain('good is 5.');
    expect(sentence).toContain('good is 4.');
    expect(sentence?.length).toBeLessThan(160);
    expect(say(change(path, 'a\nX\nc\nd'), change(path, 'a\nb\nc'))).toEqual([
      'Scorer "quality": user_prompt changed: 2 lines added, 1 line removed.',
    ]);
  });
});
