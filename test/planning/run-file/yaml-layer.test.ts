import { describe, expect, it } from 'vitest';
import { failConfig, makeConfig, makeConfigFolder, readConfig, sections, showProblems } from './read-config.ts';

const rowsOf = async (text: string) => {
  const { datasets } = await readConfig(text);
  const source = datasets.get('rows')?.source;
  return source?.type === 'inline' ? source.samples : undefined;
};
const withRows = (rows: string) => `datasets:\n  - {key: rows, source: {type: inline, samples: ${rows}}}\n`;

describe('the YAML dialect', () => {
  it('reads JSON, a byte order mark and comments', async () => {
    const run = await readConfig(`\uFEFF${JSON.stringify({ run_config: { num_samples: 3 } })} # three\n`);
    expect(run.runConfig.num_samples).toBe(3);
  });

  it('takes only true and false for booleans, and dates, times and leading zeros as YAML 1.2 does', async () => {
    expect(
      await rowsOf(withRows('[{a: yes, b: true, c: 2020-01-02, d: 1:30, e: 017, f: -0, g: null, h: 0x1F, i: 1e3}]')),
    ).toEqual([{ a: 'yes', b: true, c: '2020-01-02', d: '1:30', e: 17, f: 0, g: null, h: 31, i: 1000 }]);
  });

  it('warns of unquoted yes, no, on and off with their place, and not where they are meant', async () => {
    const { warnings } = await readConfig(
      `${withRows('[{a: yes, b: "no", c: OFF, d: nothing}]')}reuse: {answers: off}\n`,
    );
    expect(warnings).toEqual([
      { message: expect.stringContaining('yes is text'), location: { file: 'run.yaml', line: 2, column: 54 } },
      { message: expect.stringContaining('OFF is text'), location: { file: 'run.yaml', line: 2, column: 71 } },
    ]);
  });

  it('does not warn where a categorical parameter lists the word', async () => {
    const tasks = sections.tasks.replace(
      '    definition:',
      '    config_spec: [{key: lamp, type: categorical, allowed_values: ["on", "off"]}]\n    definition:',
    );
    const evaluation = sections.evaluation.replace('model_key: small', 'model_key: small, task_config: {lamp: off}');
    expect((await readConfig(makeConfig({ tasks, evaluation }))).warnings).toEqual([]);
  });

  it('applies anchors, aliases and merge keys, where own keys and earlier mappings win', async () => {
    const text = `datasets:
  - key: rows
    source:
      type: inline
      samples:
        - &a {x: 1, y: 1}
        - &b {y: 2, z: 2}
        - {<<: *a, x: 3}
        - {x: 4, <<: [*a, *b]}
        - *b
`;
    expect(await rowsOf(text)).toEqual([
      { x: 1, y: 1 },
      { y: 2, z: 2 },
      { x: 3, y: 1 },
      { x: 4, y: 1, z: 2 },
      { y: 2, z: 2 },
    ]);
  });

  it('keeps an alias as it is when an override changes its anchor', async () => {
    const text = `models:
  - {key: a, generation: &g {temperature: 0}, config: {connection_type: placeholder}}
  - {key: b, generation: *g, config: {connection_type: placeholder}}
`;
    const { models } = await readConfig(text, { set: [{ path: 'models.a.generation.temperature', value: 1 }] });
    expect([models.get('a')?.generation, models.get('b')?.generation]).toEqual([
      { temperature: 1 },
      { temperature: 0 },
    ]);
  });

  it.each([
    ['an empty file', '', 'run.yaml config-yaml: run.yaml is empty.'],
    ['a file of comments', '# nothing\n', 'run.yaml config-yaml: run.yaml is empty.'],
    ['two documents', 'config: {}\n---\nconfig: {}\n', 'run.yaml:3:1 config-yaml: A file holds one YAML document'],
    ['a list', '- 1\n', 'run.yaml:1:1 config-invalid: A run config is a mapping'],
    ['an open quote', 'config: {a: "x}\n', 'run.yaml:1:13 config-yaml: YAML: Missing closing "quote'],
    ['a tab as indentation', 'config:\n\ta: 1\n', 'run.yaml:2:1 config-yaml: YAML: Tabs are not allowed'],
    [
      'a duplicate key',
      'config: {}\nreuse: {}\nconfig: {}\n',
      'run.yaml:3:1 config-duplicate-key: Key "config" stands twice in one mapping: in line 1 and in line 3.',
    ],
    ['an unknown tag', 'config: {a: !foo 1}\n', 'run.yaml:1:13 config-yaml: Unresolved tag: !foo.'],
    ['a YAML 1.1 tag', 'config: {a: !!binary aGk=}\n', 'run.yaml:1:13 config-yaml: Unresolved tag'],
    ['a missing anchor', 'config: {a: *x}\n', 'run.yaml:1:13 config-yaml: No anchor "&x"'],
    ['an anchor within itself', 'config: {a: &x [*x]}\n', 'run.yaml:1:17 config-yaml: No anchor "&x"'],
    ['a merge of text', 'config: {<<: text}\n', 'run.yaml:1:10 config-yaml: A merge key (<<) takes a mapping'],
    ['unquoted Jinja', 'config: {a: {{ sample.x }}}\n', 'run.yaml:1:14 config-yaml: A key of a mapping is text.'],
    [
      'an integer beyond 2^53 − 1',
      withRows('[{a: 9007199254740992}]'),
      'run.yaml:2:54 config-yaml: The number 9007199254740992 is beyond',
    ],
    ['an overflow', withRows('[{a: 1e999}]'), 'run.yaml:2:54 config-yaml: The number 1e999 is beyond'],
    ['not a number', withRows('[{a: .nan}]'), 'run.yaml:2:54 config-yaml: The number .nan is beyond'],
    ['an include of a list', 'config: {a: !include [x]}\n', 'config-yaml: Unresolved tag: !include'],
  ])('refuses %s', async (_, text, expected) => {
    expect(showProblems(await failConfig(text)).join('\n')).toContain(expected);
  });

  it('refuses aliases that multiply without end', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const previous = level === 0 ? '"x"' : `*l${level - 1}`;
      return `  l${level}: &l${level} [${Array(10).fill(previous).join(', ')}]`;
    });
    expect(showProblems(await failConfig(`config:\n${levels.join('\n')}\n`)).join('\n')).toContain(
      'too large to be read',
    );
  });

  it('refuses a file that is not UTF-8', async () => {
    await using folder = await makeConfigFolder({ 'run.yaml': new Uint8Array([0x61, 0x3a, 0xff]) });
    expect(showProblems(await folder.fail())).toEqual(['run.yaml config-yaml: run.yaml is not UTF-8 text.']);
  });

  it('reports every ((TODO)), in included text too, and lets an override fill one in', async () => {
    const models =
      'models:\n  - {key: small, max_retries: ((TODO)), description: "a ((TODO))", config: {connection_type: placeholder}}\n';
    await using folder = await makeConfigFolder({
      'run.yaml': makeConfig({ models, tasks: sections.tasks.replace('"{{ sample.q }}"', '!include p.txt') }),
      'p.txt': 'Say ((TODO)).',
    });
    expect((await folder.fail()).map(({ location }) => `${location?.line}:${location?.column}`)).toEqual([
      '2:31',
      '2:54',
      '12:96',
    ]);
    const set = [{ path: 'models.small.max_retries', value: 2 }];
    expect(await folder.fail({ set })).toHaveLength(2);
  });
});

describe('!include', () => {
  it('puts trimmed text in place, neither parsed nor expanded, with its placeholders resolved', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': 'tasks:\n  - $ref: parts/task.yaml\n' + sections.models + sections.datasets + sections.evaluation,
      'parts/task.yaml': sections.tasks
        .replace('tasks:\n  - key: qa', 'key: qa\nconfig_spec: [{key: n, type: int, default_value: 3}]')
        .replace(/^ {4}/gm, '')
        .replace('"{{ sample.q }}"', '!include "prompt.txt"'),
      'parts/prompt.txt': '\n$HOME\n  << config.n >> {{ sample.q }} \n\n',
    });
    const [task] = (await folder.read({ environment: { HOME: '/home' } })).tasks;
    expect(task?.definition.solver).toMatchObject({
      input_builder: { input_messages: [{ content: '$HOME\n  3 {{ sample.q }}' }] },
    });
  });

  it('does not expand text that starts with a variable', async () => {
    await using folder = await makeConfigFolder({ 'run.yaml': withRows('[{a: !include x.txt}]'), 'x.txt': '$HOME' });
    const { datasets } = await folder.read({ environment: { HOME: '/home' } });
    expect(datasets.get('rows')?.source).toMatchObject({ samples: [{ a: '$HOME' }] });
  });

  it('names a missing file at its place, and goes on', async () => {
    const problems = await failConfig(withRows('[{a: !include x.txt, b: !include y.txt}]'));
    expect(showProblems(problems)).toEqual([
      'run.yaml:2:63 config-file-missing: The file x.txt does not exist.',
      'run.yaml:2:82 config-file-missing: The file y.txt does not exist.',
    ]);
  });

  it('is text within quotes, with a warning', async () => {
    const { warnings } = await readConfig(withRows(`[{a: "!include x.txt"}]`));
    expect(warnings).toMatchObject([{ message: expect.stringContaining('within quotes'), location: { line: 2 } }]);
  });
});

describe('$ref', () => {
  it('takes nested files, each relative to the one that names it, and absolute ones', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': '$ref: "a/first.yaml"\n',
      'a/first.yaml': 'datasets: {$ref: ../b/list.json}\n',
      'b/list.json': '[{"$ref": "one.yaml"}]',
      'b/one.yaml': '{key: rows, source: {type: local, file_path: rows.csv}}',
    });
    const run = await folder.read();
    expect(run.datasets.get('rows')?.source).toMatchObject({ file_path: `${folder.path}/b/rows.csv` });
    expect(run.locationOf('dataset', 'rows', ['source', 'type'])).toEqual({ file: 'b/one.yaml', line: 1, column: 28 });
  });

  it('merges with keys beside it, where referenced keys win', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': 'run_config: {num_samples: 1, seed: 7, $ref: $PART.yaml}\n',
      'part.yaml': 'num_samples: 2',
    });
    const { runConfig } = await folder.read({ environment: { PART: 'part' } });
    expect(runConfig).toMatchObject({ num_samples: 2, seed: 7 });
  });

  it('places errors in the referenced file', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': 'run_config: {$ref: part.yaml}\n',
      'part.yaml': '# first\nsede: 1\n',
    });
    expect(showProblems(await folder.fail())).toEqual([
      'part.yaml:2:1 config-unknown-key: Unknown key "sede" in run_config. (Did you mean "seed"?)',
    ]);
  });

  it('refuses a circle and shows it', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': 'config: {$ref: a.yaml}\n',
      'a.yaml': 'x: {$ref: b.yaml}\n',
      'b.yaml': 'y: {$ref: ./a.yaml}\n',
    });
    expect(showProblems(await folder.fail())).toEqual([
      'b.yaml:1:11 config-yaml: Files refer to each other in a circle: a.yaml → b.yaml → a.yaml.',
    ]);
  });

  it.each([
    ['a place within a file', '"#/x"', 'takes the name of a file'],
    ['an address', '"https://example.org/x.yaml"', 'takes the name of a file'],
    ['a missing file', 'none.yaml', 'does not exist'],
    ['a folder', '.', 'is a folder'],
    ['a number', '5', '$ref takes the name of a file'],
  ])('refuses %s', async (_, reference, message) => {
    const problems = await failConfig(`config: {$ref: ${reference}}\n`);
    expect(problems).toMatchObject([
      { message: expect.stringContaining(message), location: { file: 'run.yaml', line: 1, column: 16 } },
    ]);
  });

  it('leaves a reference within a JSON Schema to the schema', async () => {
    const { models } = await readConfig(
      'models:\n  - {key: m, generation: {extra: {schema: {items: {$ref: "#/definitions/x"}}}}, config: {connection_type: placeholder}}\n',
    );
    expect(models.get('m')?.generation.extra).toEqual({ schema: { items: { $ref: '#/definitions/x' } } });
  });

  it('refuses keys beside a reference to anything but a mapping', async () => {
    await using folder = await makeConfigFolder({
      'run.yaml': 'config: {a: 1, $ref: list.yaml}\n',
      'list.yaml': '[1]',
    });
    expect(showProblems(await folder.fail()).join()).toContain('$ref needs a mapping; list.yaml holds a list');
  });
});
