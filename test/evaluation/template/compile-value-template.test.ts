import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../contracts/json.ts';
import { compileValueTemplate } from '../../../evaluation/template/compile-template.ts';

const row = { n: 3, f: 1.5, text: '007', list: [1, { a: null }], yes: true, nothing: null, empty: '', map: { k: 'v' } };

function evaluate(source: string): JsonValue {
  return compileValueTemplate(source, 'filters[0].expression').evaluate({ sample: row }, '1');
}

function isDefined(source: string): boolean {
  return compileValueTemplate(source, 'filters[0].expression').isDefined({ sample: row }, '1');
}

describe('a value template', () => {
  it.each<[string, JsonValue]>([
    ['{{ sample.n }}', 3],
    ['{{ sample.f }}', 1.5],
    ['{{ sample.text }}', '007'],
    ['{{ sample.list }}', [1, { a: null }]],
    ['{{ sample.yes }}', true],
    ['{{ sample.nothing }}', null],
    ['{{ sample.map }}', { k: 'v' }],
    ['  {{ sample.n }}\n', 3],
    ['{{- sample.n -}}', 3],
    ['{# why #}{{ sample.n }}', 3],
    ['{{ sample.n > 2 and sample.yes }}', true],
    ['{{ sample.map.items() }}', [['k', 'v']]],
    ["{{ {'a': (1, 2)} }}", { a: [1, 2] }],
    ["{{ sample.map | merge({'x': 1}) }}", { k: 'v', x: 1 }],
  ])('%j yields the value with its type', (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  it.each<[string, string]>([
    ['{{ sample.n }}{{ sample.n }}', '33'],
    ['n={{ sample.n }}', 'n=3'],
    ['{% if sample.yes %}{{ sample.n }}{% endif %}', '3'],
    ['{{ sample.list }}.', "[1, {'a': None}]."],
  ])('%j is text, since the expression does not stand alone', (source, value) => {
    expect(evaluate(source)).toBe(value);
  });

  it.each(['sample.n', 'true', '', '{% if sample.n %}x{% endif %}', '{% raw %}{{ x }}{% endraw %}'])(
    '%j has no expression and is refused',
    (source) => {
      expect(() => evaluate(source)).toThrow(expect.objectContaining({ code: 'template-syntax' }));
    },
  );

  it('says how to write it', () => {
    expect(() => evaluate('sample.n')).toThrow(expect.objectContaining({ hint: 'Write "{{ sample.n }}".' }));
  });

  it('counts null and empty text as defined, and what is missing on the way as not', () => {
    expect(['{{ sample.nothing }}', '{{ sample.empty }}', 'x{{ sample.n }}'].map(isDefined)).toEqual([
      true,
      true,
      true,
    ]);
    const missing = [
      '{{ sample.x }}',
      '{{ sample.x.y }}',
      '{{ nope }}',
      'x{{ sample.x }}',
      '{{ sample.x | upper }}',
      '{{ sample.list[9] }}',
    ];
    expect(missing.map(isDefined)).toEqual(missing.map(() => false));
  });

  it('throws for a missing value and for what is no data', () => {
    expect(() => evaluate('{{ sample.x }}')).toThrow(
      expect.objectContaining({
        code: 'template-undefined',
        message: 'template filters[0].expression, sample 1: "sample.x" is undefined',
      }),
    );
    expect(() => evaluate('{{ sample.text.upper }}')).toThrow(expect.objectContaining({ code: 'template-failed' }));
    expect(() => evaluate("{{ 'nan' | float }}")).toThrow(expect.objectContaining({ code: 'template-failed' }));
    expect(() => evaluate('{{ 1 if false }}')).toThrow(expect.objectContaining({ code: 'template-undefined' }));
  });
});
