import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardFormula, renderCsvRecord } from '../../../cli/reports/csv.ts';
import type { JsonValue } from '../../../contracts/json.ts';

/** Text as answers have it: any characters, and many of those that CSV and spreadsheets care about. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('"', ',', ';', '\r', '\n', '\t', "'", '=', '+', '-', '@', '0', 'a', ' ', 'é', '\0'),
  }),
);

/** What docs/output.md says takes the guard away. */
function removeGuard(text: string): string {
  return /^'+[=+\-@\t\r＝＋－＠]/.test(text) ? text.slice(1) : text;
}

describe('CSV', () => {
  it('gives every text back through another parser, once the guard is taken away', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyText, { minLength: 3, maxLength: 3 }), { minLength: 1 }), (records) => {
        const parsed: string[][] = parse(records.map(renderCsvRecord).join(''), {
          record_delimiter: '\r\n',
          bom: false,
        });
        expect(parsed.map((cells) => cells.map(removeGuard))).toEqual(records);
      }),
      { examples: [[[["'=1", "''-x", '-1']]], [[['a\rb', '\r\n', '"']]]] },
    );
  });

  it('holds no cell that a spreadsheet computes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [[cell = ''] = []]: string[][] = parse(renderCsvRecord([text, 'end']), { record_delimiter: '\r\n' });
        expect(cell).toMatch(/^(?:[+-]?\d+(?:\.\d+)?$|[^=+\-@\t\r]|$)/);
      }),
    );
  });

  it('ends records as RFC 4180 does, and tells an empty text from nothing', () => {
    const cells: (JsonValue | undefined)[] = ['a', null, '', undefined, 1.5, false, -2, { b: [1] }, 'x,"y"\n'];
    expect(renderCsvRecord(cells)).toBe('a,,"",,1.5,false,-2,"{""b"":[1]}","x,""y""\n"\r\n');
  });

  it('leaves numbers in texts alone, and guards what only begins like one', () => {
    expect(['-5', '+3.25', '-5+1', '=1', '@sum', '-', "'=1"].map(guardFormula)).toEqual([
      '-5',
      '+3.25',
      "'-5+1",
      "'=1",
      "'@sum",
      "'-",
      "''=1",
    ]);
  });
});
