import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../contracts/json.ts';
import { parsePythonLiteral } from '../../evaluation/python-literal.ts';

describe('parsePythonLiteral', () => {
  it.each<[string, JsonValue]>([
    ["['Rome', 'Paris']", ['Rome', 'Paris']],
    [' [ 1 , -2.5 , +3 , 1e3 , 0x1f , 1_000 , .5 , 5. , ] ', [1, -2.5, 3, 1000, 31, 1000, 0.5, 5]],
    ['[True, False, None]', [true, false, null]],
    ["{'a': 1, \"b\": [None], 3: 'x', True: 0}", { a: 1, b: [null], 3: 'x', true: 0 }],
    ["('a', 'b')", ['a', 'b']],
    ["('a')", 'a'],
    ["('a',)", ['a']],
    ['()', []],
    ['[]', []],
    ['{}', {}],
    ["'it\\'s \\u00e9\\n\\x41'", "it's é\nA"],
    ['\'a\' "b"', 'ab'],
    ["r'\\d'", '\\d'],
    ["u'x'", 'x'],
    ["'''long\n'text'''", "long\n'text"],
    ['[1, # first\n 2]', [1, 2]],
    ['"it\'s"', "it's"],
    ['0', 0],
    ['-0', 0],
    ["{'__proto__': 1}", JSON.parse('{"__proto__": 1}') as JsonValue],
  ])('reads %s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each([
    '',
    '[',
    '[1',
    '[1 2]',
    '[,]',
    "['a'",
    "'open",
    'true',
    'nope',
    '{1}',
    "{'a'}",
    '{[1]: 2}',
    '[1]]',
    '1 2',
    '007',
    '1e999',
    '9007199254740993',
    "b'x'",
    "f'{x}'",
    '1 + 2',
    'print()',
    '[1,,2]',
    '1__0',
    '1x',
  ])('refuses %j without repeating it', (text) => {
    expect(() => parsePythonLiteral(text)).toThrow(
      expect.objectContaining({
        code: 'scorer-failed',
        message: expect.stringMatching(
          /^The text is not a Python literal; it cannot be read from character \d+ on\.$/,
        ) as string,
      }),
    );
  });

  it('refuses brackets without end', () => {
    expect(() => parsePythonLiteral('['.repeat(200_000))).toThrow(expect.objectContaining({ code: 'scorer-failed' }));
  });
});
