import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import type { JsonObject, JsonValue } from '../../../contracts/json.ts';
import { parsePythonLiteral } from '../../../evaluation/python-literal.ts';
import { compileTemplate, compileValueTemplate } from '../../../evaluation/template/compile-template.ts';

const plainText = fc.string({ unit: 'binary' }).filter((text) => !/[{\r\n]/.test(text));
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const { json } = fc.letrec<{ json: JsonValue; leaf: JsonValue }>((tie) => ({
  leaf: fc.oneof(fc.string({ unit: 'binary' }), number, fc.boolean(), fc.constant(null)),
  json: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('json'), { maxKeys: 4 }),
  ),
}));

function render(source: string, names: JsonObject): string {
  return compileTemplate(source, 'law').render(names, '1');
}

describe('laws of templates', () => {
  it('text without marks renders to itself', () => {
    fc.assert(
      fc.property(plainText, (text) => {
        expect(render(text, {})).toBe(text);
      }),
    );
  });

  it('what stands between two texts does not depend on them', () => {
    fc.assert(
      fc.property(plainText, fc.string({ unit: 'binary' }), plainText, (before, value, after) => {
        expect(render(`${before}{{ sample.x }}${after}`, { sample: { x: value } })).toBe(before + value + after);
      }),
    );
  });

  it('a column is found under every name, by index', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (column, value) => {
        const source = `{{ sample['${column.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'] }}`;
        expect(render(source, { sample: Object.fromEntries([[column, value]]) })).toBe(value);
      }),
    );
  });

  it('a value template gives back any data', () => {
    const template = compileValueTemplate('{{ sample.x }}', 'law');
    fc.assert(
      fc.property(json, (value) => {
        expect(template.evaluate({ sample: { x: value } }, '1')).toEqual(value);
      }),
    );
  });

  it('what prints as a Python literal reads back as the same data', () => {
    const template = compileTemplate('{{ [sample.x] }}', 'law');
    fc.assert(
      fc.property(json, (value) => {
        // Whole numbers beyond the safe range print in full, and are refused when read.
        fc.pre(!JSON.stringify(value).match(/\d{16}|e\+/));
        expect(parsePythonLiteral(template.render({ sample: { x: value } }, '1'))).toEqual([value]);
      }),
    );
  });

  it('tojson writes JSON that reads back as the same data, in ASCII and safe in pages', () => {
    const template = compileTemplate('{{ sample.x | tojson }}', 'law');
    fc.assert(
      fc.property(json, (value) => {
        const text = template.render({ sample: { x: value } }, '1');
        expect(JSON.parse(text)).toEqual(value);
        expect(text).toMatch(/^[ -~\x7f]*$/);
        expect(text).not.toMatch(/[<>&']/);
      }),
    );
  });

  it('json_escape between quotes is a JSON string', () => {
    const template = compileTemplate('"{{ sample.x | json_escape }}"', 'law');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(template.render({ sample: { x: text } }, '1'))).toBe(text);
      }),
    );
  });

  it('any text either compiles or is refused with a line', () => {
    const token = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      'if',
      'for',
      'in',
      'endif',
      'endfor',
      'set',
      'x',
      '|',
      'is',
      "'",
      '(',
      ')',
      '[',
      ']',
      '.',
      '1',
      ' ',
      '\n',
      '-',
      '~',
      '=',
      ',',
      ':',
      'upper',
      'raw',
      'endraw',
      'macro',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 25 }), (tokens) => {
        try {
          compileTemplate(tokens.join(' '), 'law');
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError);
          expect((error as EvaluationError).message).toMatch(/^template law, line \d+: /);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
