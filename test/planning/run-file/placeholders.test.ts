import { describe, expect, it } from 'vitest';
import { failConfig, makeConfig, readConfig, sections, showProblems } from './read-config.ts';

/** A task with one parameter, and a specification that gives it a value (none where undefined). */
function withParameter(options: {
  readonly spec: string;
  readonly value?: string;
  readonly content?: string;
  readonly scorers?: string;
}): string {
  const { spec, value, content = '<< config.x >>', scorers = '[]' } = options;
  const tasks = `tasks:
  - key: qa
    config_spec: [{key: x, ${spec}}]
    definition:
      dataset: {key: rows}
      solver:
        type: single_turn_solver
        input_builder:
          type: chat_completion
          input_messages: [{role: user, content: ${JSON.stringify(content)}}]
      scorers: ${scorers}
`;
  const evaluation = sections.evaluation.replace(
    'model_key: small',
    `model_key: small${value === undefined ? '' : `, task_config: {x: ${value}}`}`,
  );
  return makeConfig({ tasks, evaluation });
}

async function contentOf(text: string): Promise<unknown> {
  const [task] = (await readConfig(text)).tasks;
  const solver = task?.definition.solver;
  if (solver?.type !== 'single_turn_solver' || solver.input_builder.type !== 'chat_completion')
    throw new Error('No chat.');
  return solver.input_builder.input_messages[0]?.content;
}

describe('a placeholder in text', () => {
  it.each([
    ['type: string', `'so "it" is {{ y }}'`, 'Say so "it" is {{ y }}!'],
    ['type: int', '3', 'Say 3!'],
    ['type: float', '2.50', 'Say 2.5!'],
    ['type: float', '1e21', 'Say 1e+21!'],
    ['type: boolean', 'true', 'Say true!'],
    ['type: int, nullable: true', 'null', 'Say null!'],
    ['type: list, dtype: integer', '[1, 2]', 'Say [1,2]!'],
    ['type: dict, value_dtype: string', '{a: b}', 'Say {"a":"b"}!'],
    ['type: categorical, allowed_values: [a, b], values_mapping: {a: Alpha}', 'a', 'Say Alpha!'],
    ['type: categorical, allowed_values: [a, b], values_mapping: {a: Alpha}', 'b', 'Say b!'],
    [
      'type: categorical, multiple: true, allowed_values: [1, 2], values_mapping: {"1": one}',
      '[2, 1]',
      'Say [2,"one"]!',
    ],
  ])('of %s with the value %s stands for its text form', async (spec, value, expected) => {
    expect(await contentOf(withParameter({ spec, value, content: 'Say <<config.x>>!' }))).toBe(expected);
  });

  it('may occur several times, beside other uses of <<', async () => {
    const content = '<< config.x >> << 3, << other.word >>, <<  config.x>> << config.x.y >>';
    expect(await contentOf(withParameter({ spec: 'type: int', value: '7', content }))).toBe(
      '7 << 3, << other.word >>, 7 << config.x.y >>',
    );
  });

  it('is not looked for again in the value that was put in', async () => {
    const text = withParameter({ spec: 'type: string', value: '"<< config.y >>"', content: '<< config.x >>' })
      .replace('key: check\n', 'key: check\n  config_spec: [{key: y, type: string}]\n')
      .concat('config: {y: "<< conf >> 1"}\n');
    expect(await contentOf(text)).toBe('<< conf >> 1');
  });
});

describe('a placeholder alone', () => {
  it('stands for the typed value', async () => {
    const scorers = '[{type: numeric_equals, ground_truth: "1", tolerance: << config.x >>}]';
    const [task] = (await readConfig(withParameter({ spec: 'type: float', value: '0.5', content: 'q', scorers })))
      .tasks;
    expect(task?.definition.scorers).toMatchObject([{ tolerance: 0.5 }]);
  });

  it('stands for a list, and for a whole scorer', async () => {
    const list = withParameter({
      spec: 'type: list, dtype: string',
      value: '[a, b]',
      content: 'q',
      scorers: '[{type: includes, text: << config.x >>}]',
    });
    expect((await readConfig(list)).tasks[0]?.definition.scorers).toMatchObject([{ text: ['a', 'b'] }]);
    const whole = withParameter({
      spec: 'type: dict, value_dtype: string',
      value: '{type: includes, text: a}',
      content: 'q',
      scorers: '[<< config.x >>]',
    });
    expect((await readConfig(whole)).tasks[0]?.definition.scorers).toMatchObject([
      { type: 'includes', text: 'a', match: 'all' },
    ]);
  });

  it('leaves an optional field out when its value is null', async () => {
    const scorers = '[{type: string_equals, ground_truth: x, value: << config.x >>}]';
    const [task] = (await readConfig(withParameter({ spec: 'type: string, nullable: true', content: 'q', scorers })))
      .tasks;
    expect(task?.definition.scorers[0]).not.toHaveProperty('value');
  });

  it('is checked again with its value, at the place where it stands', async () => {
    const scorers =
      '[{type: numeric_equals, ground_truth: "1", tolerance: << config.x >>, metrics: [{type: << config.x >>}]}]';
    const problems = await failConfig(withParameter({ spec: 'type: string', value: 'much', content: 'q', scorers }));
    expect(showProblems(problems)).toEqual([
      'run.yaml:16:70 config-invalid: tasks[0].definition.scorers[0].tolerance is the text "much"; allowed: a number (in specification "first").',
      expect.stringContaining('scorers[0].metrics[0].type is the text "much"; allowed: one of mean,'),
    ]);
  });

  it('may name the key of an entity, which must be declared', async () => {
    const problems = await failConfig(
      withParameter({
        spec: 'type: string',
        value: 'smal',
        content: 'q',
        scorers: '[{type: model_as_a_judge_scorer, user_prompt: x, model_key: << config.x >>}]',
      }),
    );
    expect(problems).toMatchObject([
      {
        code: 'config-unknown-name',
        hint: 'Did you mean "small"?',
        message: expect.stringContaining('(in specification "first")'),
      },
    ]);
  });
});

describe('a placeholder that cannot be resolved', () => {
  it.each([
    ['an unknown parameter', '<< config.y >>', 'config-unknown-name', 'names no parameter of config_spec', 'Known: x.'],
    [
      'a misspelled scope',
      '<< cofig.x >>',
      'config-unknown-name',
      'names neither config nor secrets',
      'Did you mean "<< config.x >>"?',
    ],
    [
      'a misspelled secret',
      'a << secret.K >>',
      'config-unknown-name',
      'names neither config nor secrets',
      'Did you mean "<< secrets.K >>"?',
    ],
  ])('is an error: %s', async (_, content, code, message, hint) => {
    const problems = await failConfig(withParameter({ spec: 'type: int', value: '1', content }));
    expect(problems).toMatchObject([{ code, message: expect.stringContaining(message), hint, location: { line: 15 } }]);
  });

  it('is an error in a task that nothing uses, too', async () => {
    const tasks = `${sections.tasks}  - key: other\n    definition: {dataset: {key: << config.data >>}, solver: {type: pass_through_solver, trace_column: t}}\n`;
    expect(await failConfig(makeConfig({ tasks }))).toMatchObject([
      { code: 'config-unknown-name', location: { line: 16 } },
    ]);
  });

  it('is an error where there are no parameters, except in words for people', async () => {
    const models =
      'models:\n  - {key: small, description: "like << config.m >>", version: << config.v >>, config: {connection_type: placeholder}}\n';
    expect(await failConfig(makeConfig({ models }))).toMatchObject([
      { code: 'config-invalid', message: '<< config.v >> has no value in models[0].version.' },
    ]);
  });
});

describe('a parameter', () => {
  it.each([
    ['type: int', '1.5', 'is 1.5; allowed: a whole number'],
    ['type: int', '"3"', 'is the text "3"; allowed: a whole number'],
    ['type: int, min: 1, max: 3', '4', 'is 4; allowed: at most 3'],
    ['type: float, min: 0.5', '0.25', 'is 0.25; allowed: at least 0.5'],
    ['type: boolean', 'yes', 'is the text "yes"; allowed: true or false'],
    ['type: string', '3', 'is 3; allowed: text'],
    ['type: string', 'null', 'is null; allowed: a value'],
    ['type: model', 'smal', 'no model has that key'],
    ['type: dataset', 'row', 'no dataset has that key'],
    ['type: list, dtype: integer', '[1, 2.5]', 'has 2.5 at 1; allowed there: a whole number'],
    ['type: list, dtype: boolean', 'true', 'is true; allowed: a list'],
    ['type: dict, value_dtype: float', '{a: "1"}', 'has the text "1" at "a"; allowed there: a number'],
    ['type: categorical, allowed_values: [a, 1]', '"1"', 'allowed: one of the text "a", 1'],
    ['type: categorical, multiple: true, allowed_values: [a]', 'a', 'allowed: a list of'],
    ['type: categorical, multiple: true, allowed_values: [a]', '[a, b]', 'is the text "b"'],
  ])('of %s refuses %s', async (spec, value, message) => {
    const problems = await failConfig(withParameter({ spec, value }));
    expect(problems).toMatchObject([
      { message: expect.stringContaining(message), location: { file: 'run.yaml', line: 20 } },
    ]);
    expect(problems[0]?.message).toContain('evaluation.task_specifications[0].task_config.x');
  });

  it.each([
    ['type: int, default_value: 0, min: 1', 'default_value is 0; allowed: at least 1'],
    ['type: model, default_value: nope', 'no model has that key'],
    ['type: int, default_value: 2, min: 3, max: 1', 'min is 3 and above max, 1'],
    ['type: categorical, default_value: a, allowed_values: [a], values_mapping: {b: c}', 'values_mapping has "b"'],
  ])('declared as %s is refused even where nothing uses it', async (spec, message) => {
    const problems = await failConfig(
      withParameter({ spec })
        .replace('evaluation:', '# evaluation:')
        .replace(/^ {2}(?:key: check|task_spec).*\n/gm, '')
        .replace(/^ {4}- \{key: first.*\n/m, ''),
    );
    expect(showProblems(problems).join('\n')).toContain(message);
  });

  it('without value takes its default, the content of a file counting as one, else null where it may', async () => {
    expect(await contentOf(withParameter({ spec: 'type: string, default_value: hello' }))).toBe('hello');
    expect(await contentOf(withParameter({ spec: 'type: string, default_file_content: "from a file"' }))).toBe(
      'from a file',
    );
    expect(await contentOf(withParameter({ spec: 'type: string, nullable: true', content: 'a<< config.x >>' }))).toBe(
      'anull',
    );
    expect(await failConfig(withParameter({ spec: 'type: string' }))).toMatchObject([
      { code: 'config-invalid', message: expect.stringContaining('Parameter "x" has no value') },
    ]);
  });

  it('that is not declared is an error with the nearest name', async () => {
    const text = withParameter({ spec: 'type: string, default_value: a', value: '1' }).replace('{x: 1}', '{xx: 1}');
    expect(showProblems(await failConfig(text)).join()).toContain(
      '"xx" in evaluation.task_specifications[0].task_config is no parameter of config_spec. (Did you mean "x"?)',
    );
  });

  it('of type dataset_column must name a column once the dataset is read', async () => {
    const [task] = (
      await readConfig(
        withParameter({ spec: 'type: dataset_column', value: 'questoin', content: "{{ sample['<< config.x >>'] }}" }),
      )
    ).tasks;
    expect(() => task?.checkColumns(['questoin'])).not.toThrow();
    expect(() => task?.checkColumns(['question'])).toThrow(
      expect.objectContaining({
        code: 'config-unknown-name',
        hint: 'Did you mean "question"?',
        location: { file: 'run.yaml', line: 20, column: 69 },
      }),
    );
  });
});
