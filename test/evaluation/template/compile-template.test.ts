import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import { compileTemplate, templateEngineRevision } from '../../../evaluation/template/compile-template.ts';

const path = 'solver.input_builder.input_messages[1].content';
const row = { country: 'Italy', capital: 'Rome', 'A B': 1, nested: { deep: 'secret words' }, list: ['private'] };

function catchError(run: () => unknown): EvaluationError {
  try {
    run();
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

function renderError(source: string, names: Record<string, unknown> = { sample: row }): EvaluationError {
  const template = compileTemplate(source, path);
  return catchError(() => template.render(names, 'row-7'));
}

describe('a template that can never work', () => {
  it.each([
    ['a\n{{ sample.x | uper }}', 'line 2: unknown filter "uper"', 'Did you mean "upper"?'],
    ['{{ 1 is defned }}', 'line 1: unknown test "defned"', 'Did you mean "defined"?'],
    ['\n\n{{ x | random }}', 'line 3: the filter "random" is not available in templates', undefined],
    ["{{ [1] | map('random') }}", 'line 1: the filter "random" is not available', undefined],
    ["{{ [1] | map('uper') }}", 'line 1: unknown filter "uper"', 'Did you mean "upper"?'],
    ["{{ x | selectattr('a', 'definde') }}", 'line 1: unknown test "definde"', 'Did you mean "defined"?'],
    ["{{ x | replace('a') }}", 'line 1: the filter "replace" needs the argument "new"', undefined],
    ['{{ x | truncate(lenght=3) }}', 'line 1: the filter "truncate" has no argument "lenght"', undefined],
    ['{{ x | upper(1) }}', 'line 1: the filter "upper" takes no arguments', undefined],
    ["{{ x | regex_replace('(', '') }}", 'line 1: the filter "regex_replace" cannot be used so', undefined],
    ["{{ x | round(1, 'up') }}", 'line 1: the filter "round" rounds with', undefined],
    ['{{ x }', 'line 1: unexpected "}": nothing is open', undefined],
    ['{% if x %}\nyes', 'line 1: the "if" that begins here has no end', 'End it with "{% endif %}".'],
    ['{% for x in y %}{% endif %}', 'line 1: unexpected "endif": the "for" of line 1 is still open', undefined],
    ['{% iff x %}', 'line 1: unknown statement "iff"', 'Did you mean "if"?'],
    ["{% include 'x' %}", 'line 1: "include" is not available in templates: they read no other files', undefined],
    ['{% break %}', 'line 1: "break" stands outside of a loop', undefined],
    ['{{ }}', 'line 1: expected an expression, found "}}"', undefined],
    ['{{ x y }}', 'line 1: expected "}}", found "y"', undefined],
    ['{{ (((', 'line 1: expected an expression, found the end of the template', undefined],
  ])('%j is refused when it is compiled', (source, message, hint) => {
    const error = catchError(() => compileTemplate(source, path));
    expect(error.code).toBe('template-syntax');
    expect(error.message).toContain(`template ${path}, ${message}`);
    expect(error.hint).toBe(hint);
  });

  it('is refused even when it nests beyond all measure', () => {
    const error = catchError(() => compileTemplate(`{{ ${'('.repeat(100_000)} }}`, path));
    expect(error.code).toBe('template-syntax');
  });
});

describe('a missing value', () => {
  it.each([
    ['{{ sample.contry }}', 'sample.contry', 'Did you mean "sample.country"?'],
    ["{{ sample['A C'] }}", "sample['A C']", 'Did you mean "sample[\'A B\']"?'],
    ['{{ sampel.country }}', 'sampel', 'Did you mean "sample"?'],
    ['{{ country }}', 'country', 'Did you mean "sample.country"?'],
    ['{{ sample.list[5] }}', 'sample.list[5]', undefined],
    ['{{ sample.nested.deeep }}', 'sample.nested.deeep', 'Did you mean "sample.nested.deep"?'],
    ['{{ sample.qqqqqqqq }}', 'sample.qqqqqqqq', 'The columns of the sample are country, capital, A B, nested, list.'],
    ['{{ sample.country.uper() }}', 'sample.country.uper', 'Did you mean "sample.country.upper"?'],
    [
      "{{ sample['x' ~ sample.country] }}",
      'sample[(…)]',
      'The columns of the sample are country, capital, A B, nested, list.',
    ],
    [
      '{% if sample.nope == 1 %}{% endif %}',
      'sample.nope',
      'The columns of the sample are country, capital, A B, nested, list.',
    ],
    ['{{ [] | first }}', '(…) | first', undefined],
    ['{% set x = sample.contry %}{{ x }}', 'sample.contry', 'Did you mean "sample.country"?'],
  ])('%j is an error of the sample that names it', (source, name, hint) => {
    const error = renderError(source);
    expect(error.code).toBe('template-undefined');
    expect(error.message).toBe(`template ${path}, sample row-7: "${name}" is undefined`);
    expect(error.hint).toBe(hint);
  });

  it('never reaches the prototype of a row or of a list', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(renderError(`{{ sample.${name} }}`).code).toBe('template-undefined');
      expect(renderError(`{{ sample.list['${name}'] }}`).code).toBe('template-undefined');
      expect(renderError(`{{ ${name} }}`).code).toBe('template-undefined');
    }
  });

  it('may be a column whose value is `undefined` in the program', () => {
    expect(renderError('{{ sample.gone }}', { sample: { gone: undefined } }).code).toBe('template-undefined');
  });
});

describe('a failure while rendering', () => {
  it.each([
    ['a\n{% if true %}\n{{ sample.country + 1 }}{% endif %}', 'line 3: "+" does not work between text and a number'],
    ['{{ sample.nested.deep | fromjson }}', 'line 1: the text is not JSON'],
    ['{{ sample.country | merge({}) }}', 'line 1: "merge" needs mappings on both sides'],
    [
      '{{ sample.items }}',
      `line 1: "items" is a function and cannot be printed; call it, or write ['items'] for the value of that name`,
    ],
    ['{{ sample.country() }}', 'line 1: "sample.country" is text and cannot be called'],
    [
      '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}',
      'line 1: the loops of the template take more than',
    ],
    ["{{ 'x' * 100000000 }}", 'line 1: the repeated text or list is too long'],
  ])('%j names type and line, never a value of the row', (source, message) => {
    const error = renderError(source);
    expect(error.code).toBe('template-failed');
    expect(error.message).toContain(`template ${path}, sample row-7, ${message}`);
    expect(`${error.message} ${error.hint}`).not.toMatch(/Italy|Rome|secret words|private/);
  });

  it('ends endless recursion', () => {
    const error = renderError('{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}');
    expect(error.code).toBe('template-failed');
  });
});

describe('compileTemplate', () => {
  it('renders again and again without one rendering reaching the next', () => {
    const template = compileTemplate("{% do sample.list.append('x') %}{{ sample.list | length }}{% set y = 1 %}", path);
    expect([1, 2, 3].map(() => template.render({ sample: row }, '1'))).toEqual(['2', '2', '2']);
    expect(row.list).toEqual(['private']);
  });

  it('lets names hide the functions that every template has', () => {
    expect(compileTemplate('{{ range }}', path).render({ range: 'column' }, '1')).toBe('column');
  });

  it('reads a row with a column that is called like a method', () => {
    expect(
      compileTemplate("{{ sample['items'] }}{{ sample['get'] }}", path).render({ sample: { items: 3, get: 'g' } }, '1'),
    ).toBe('3g');
  });

  it('has a revision that keys can hold', () => {
    expect(templateEngineRevision).toBe(1);
  });
});
