import { describe, expect, it } from 'vitest';
import { type Format, readPieces, readRows } from './support/read-text.ts';

describe('readCsv', () => {
  it('takes every cell as text, an empty one as empty text', async () => {
    expect(await readRows('csv', 'a,b,c\n1,, true \n007,"",null\n')).toEqual([
      { a: '1', b: '', c: ' true ' },
      { a: '007', b: '', c: 'null' },
    ]);
  });

  it('reads commas, doubled quotes and line breaks in quoted cells, and counts their lines', async () => {
    expect(await readPieces('csv', 'a,b\r\n"x, ""y""","1\r\n2"\r\n3,4')).toEqual([
      { position: 0, line: 2, row: { a: 'x, "y"', b: '1\r\n2' } },
      { position: 1, line: 4, row: { a: '3', b: '4' } },
    ]);
  });

  it('takes a byte order mark before a quoted header, and CRLF or LF from line to line', async () => {
    expect(await readRows('csv', '\ufeff"a",b\n1,2\r\n3,4\n')).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it('keeps a column called __proto__', async () => {
    const [row] = await readRows('csv', '__proto__,b\nx,y\n');
    expect(JSON.stringify(row)).toBe('{"__proto__":"x","b":"y"}');
  });

  it('takes a blank line in a file of one column for an empty cell', async () => {
    expect(await readRows('csv', 'a\n1\n\n2\n')).toEqual([{ a: '1' }, { a: '' }, { a: '2' }]);
  });

  it('has no rows where there is only a header, or nothing', async () => {
    expect(await readRows('csv', 'a,b\n')).toEqual([]);
    expect(await readRows('csv', '')).toEqual([]);
  });

  it.each([
    ['a header name twice', 'a,b,a\n1,2,3\n', 'names the column "a" twice', 1],
    ['an empty header name', 'a,,c\n1,2,3\n', 'column 2 of the header row has no name', 1],
    ['a row with too few cells', 'a,b\n1,2\n3\n', 'expected 2 cells as in the header row, found 1', 3],
    ['a row with too many', 'a,b\n"1\n1",2\n3,4,5\n', 'expected 2 cells as in the header row, found 3', 4],
    ['a blank line among several columns', 'a,b\n1,2\n\n3,4\n', 'expected 2 cells, found a blank line', 3],
    ['a quote inside an unquoted cell', 'a,b\n1,x"y\n', 'a quote stands in a cell that does not begin with one', 2],
    ['text after a closing quote', 'a,b\n1,"x"y\n', 'text follows the quote that closes a cell', 2],
    ['a quote that is never closed', 'a,b\n1,2\n3,"4\n5,6\n', 'opens with a quote that is never closed', 3],
  ])('refuses %s with the line', async (_name, text, message, line) => {
    await expect(readRows('csv', text)).rejects.toThrow(message);
    await expect(readRows('csv', text)).rejects.toMatchObject({
      code: 'dataset-invalid',
      location: { file: 'rows', line },
    });
  });

  it('refuses bytes that are not UTF-8', async () => {
    await expect(readRows('csv', Buffer.from('a\nZo\xeb\n', 'latin1'))).rejects.toMatchObject({
      message: expect.stringContaining('not UTF-8') as unknown,
      location: { line: 2 },
    });
  });
});

describe('infer_types', () => {
  const format: Format = 'csv with infer_types';
  const infer = async (cell: string): Promise<unknown> => (await readRows(format, `a,b\n${cell},x\n`))[0]?.['a'];

  it.each([
    ['12', 12],
    ['-0.5e-3', -0.0005],
    ['1.0', 1],
    ['9007199254740991', 9007199254740991],
    ['TRUE', true],
    ['False', false],
    ['', null],
    ['""', null],
  ])('makes a value of %s', async (cell, value) => {
    expect(await infer(cell)).toBe(value);
  });

  it.each([
    '007',
    '9007199254740992',
    '-12345678901234567890',
    '+1',
    '.5',
    '1.',
    '1e',
    ' 1',
    'null',
    'NaN',
    'Infinity',
    '0x10',
  ])('leaves %s as text', async (cell) => {
    expect(await infer(cell)).toBe(cell);
  });

  it('refuses a number that overflows, naming row and column', async () => {
    await expect(infer('1e999')).rejects.toThrow(
      'rows:2, row 0: the field "a" holds 1e999, which is beyond double precision',
    );
  });
});
