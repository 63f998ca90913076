import { describe, expect, it } from 'vitest';
import { readPieces, readRows } from './support/read-text.ts';

const bom = '\ufeff';

describe('readJsonl', () => {
  it('skips blank lines, which count as lines but not as rows', async () => {
    expect(await readPieces('jsonl', '\n{"a":1}\n  \t\r\n\n{"a":2}')).toEqual([
      { position: 0, line: 2, row: { a: 1 } },
      { position: 1, line: 5, row: { a: 2 } },
    ]);
  });

  it('takes a byte order mark, CRLF, white space around a row, and columns that are missing', async () => {
    expect(await readRows('jsonl', `${bom}{"a":1,"b":2}\r\n  {"b":3}  \r\n`)).toEqual([{ a: 1, b: 2 }, { b: 3 }]);
  });

  it('keeps the separators that JSON allows inside text', async () => {
    expect(await readRows('jsonl', '{"a":"x\u2028y\u0085z"}\n')).toEqual([{ a: 'x\u2028y\u0085z' }]);
  });

  it('keeps the greatest exact integers, measured values, and rounds long fractions', async () => {
    const line = '{"a":9007199254740991,"b":-9007199254740991,"c":6.02214076e23,"d":0.12345678901234567890123,"e":-0}';
    expect(await readRows('jsonl', line)).toEqual([
      { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER, c: 6.02214076e23, d: 0.12345678901234568, e: -0 },
    ]);
  });

  it('takes digits, colons and NaN inside text for what they are', async () => {
    const row = { a: '9007199254740993', b: 'x: "y": NaN \\', 'c:"\\': ':1e999' };
    expect(await readRows('jsonl', JSON.stringify(row))).toEqual([row]);
  });

  it.each([
    ['a broken row', '{"a":1}\n{"a":}\n', 'row 1: the line is not JSON: expected a value at column 6', 2, 6],
    ['two objects on a line', '{"a":1} {"a":2}', 'expected the end of the line at column 9', 1, 9],
    ['an object over two lines', '{"a":1,\n"b":2}', 'expected a name in double quotes at column 8', 1, 8],
    ['single quotes', "{'a':1}", 'expected a name in double quotes at column 2', 1, 2],
    ['an unescaped tab in text', '{"a":"x\ty"}', 'the line is not JSON', 1, 6],
    ['a number with leading zeros', '{"a":007}', 'expected "," or "}" at column 7', 1, 7],
    ['a list', '[1,2]\n', 'expected a JSON object, found a list', 1, undefined],
    ['null', '\n\nnull', 'expected a JSON object, found null', 3, undefined],
    ['a text', '"row"', 'expected a JSON object, found a text', 1, undefined],
    ['a number', '{"a":1}\n7', 'expected a JSON object, found a number', 2, undefined],
  ])('refuses %s with its line', async (_name, text, message, line, column) => {
    await expect(readRows('jsonl', text)).rejects.toMatchObject({
      code: 'dataset-invalid',
      message: expect.stringContaining(message) as unknown,
      location: { file: 'rows', line, ...(column === undefined ? {} : { column }) },
    });
  });

  it.each([
    ['an integer above 2^53 − 1', '{"a":9007199254740992}', '"a" holds 9007199254740992, an integer outside'],
    ['one below', '{"u":{"n":[1,-9007199254740993]}}', '"u.n[1]" holds -9007199254740993, an integer outside'],
    ['one in an odd column', '{"x":1,"a b":{"c":12345678901234567890}}', '"["a b"].c" holds 12345678901234567890'],
    ['an overflow', '{"a":1e400}', '"a" holds 1e400, which is beyond double precision'],
    ['a negative overflow', '{"a":-1.5E+999}', '"a" holds -1.5E+999, which is beyond'],
    ['NaN', '{"b":1,"a":NaN}', '"a" holds NaN, which is not a JSON number'],
    ['infinity', '{"a":[-Infinity]}', '"a[0]" holds -Infinity, which is not a JSON number'],
  ])('refuses %s, naming row and field', async (_name, line, message) => {
    await expect(readRows('jsonl', `{"a":1}\n\n${line}\n`)).rejects.toMatchObject({
      code: 'dataset-invalid',
      message: expect.stringMatching(/^Dataset "questions", rows:3, row 1: the field /) as unknown,
    });
    await expect(readRows('jsonl', line)).rejects.toThrow(message);
    await expect(readRows('jsonl', line)).rejects.toMatchObject({
      hint: expect.stringContaining('Write it as text') as unknown,
    });
  });

  it.each([
    ['at the top', '{"a":1,"b":2,"a":1}', '"a"'],
    ['deep inside', '{"b":[{"c":1,"c":2}]}', '"b[0].c"'],
    ['in two spellings', '{"a":1,"\\u0061":2}', '"a"'],
  ])('refuses a field that occurs twice %s', async (_name, line, field) => {
    await expect(readRows('jsonl', line)).rejects.toThrow(`the field ${field} occurs twice`);
  });

  it('refuses bytes that are not UTF-8, with their line', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n{"a":2}\n')]);
    await expect(readRows('jsonl', bytes)).rejects.toMatchObject({ location: { line: 2 } });
    await expect(readRows('jsonl', bytes)).rejects.toThrow('not UTF-8');
  });

  it('refuses a row that is nested without end', async () => {
    const line = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    await expect(readRows('jsonl', line)).rejects.toThrow('nested deeper than 500 levels');
    await expect(readRows('jsonl', `${line.slice(0, -1)}!`)).rejects.toThrow('the line is not JSON');
  });

  it('quotes nothing of a broken row in its message', async () => {
    await expect(readRows('jsonl', '{"prompt":"confidential" oops}')).rejects.not.toThrow(/confidential/);
  });
});
