import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../contracts/json.ts';
import { toCanonicalJson } from '../../../evaluation/fingerprint/canonical-json.ts';
import { diagnoseJsonLine } from '../../../planning/datasets/diagnose-json-line.ts';
import { createPositionSet } from '../../../planning/datasets/position-set.ts';
import { createTextSet } from '../../../planning/datasets/text-set.ts';
import { readPieces, readRows } from './support/read-text.ts';

// Numbers that print as integers which no double holds are refused, and tested elsewhere.
const row = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }))
  .map((value) => JSON.parse(JSON.stringify(value), replaceUnsafe) as JsonObject);
const pieceBytes = fc.integer({ min: 1, max: 40 });
// Half a surrogate pair has no UTF-8 form, so that a file cannot hold it outside an escape.
const cell = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\r/g, ''));

function replaceUnsafe(_name: string, value: unknown): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? 0.5 : value;
}

describe('reading, wherever the bytes are cut', () => {
  it('gives back the rows of any JSONL file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.boolean(), pieceBytes, async (rows, spaced, bytes) => {
        const text = rows
          .map((one) => (spaced ? JSON.stringify(one, null, 1).replace(/\n/g, ' ') : JSON.stringify(one)))
          .join('\n');
        const read = await readRows('jsonl', text, bytes);
        expect(read.map(toCanonicalJson)).toEqual(rows.map(toCanonicalJson));
      }),
    );
  });

  it('gives back the cells of any CSV file, with their lines', async () => {
    const table = fc
      .uniqueArray(
        cell.filter((name) => name !== ''),
        { minLength: 2, maxLength: 4 },
      )
      .chain((names) => fc.tuple(fc.constant(names), fc.array(fc.tuple(...names.map(() => cell)))));
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), pieceBytes, async ([names, records], crlf, bytes) => {
        const lines = [names, ...records].map((cells) => cells.map(quote).join(','));
        const read = await readPieces('csv', lines.join(crlf ? '\r\n' : '\n'), bytes);
        expect(read.map(({ row: cells }) => names.map((name) => cells[name]))).toEqual(records);
        let line = 1;
        for (const [index, text] of lines.entries()) {
          if (index > 0) expect(read[index - 1]?.line).toBe(line);
          line += text.split('\n').length;
        }
      }),
    );
  });
});

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

describe('diagnoseJsonLine', () => {
  it('finds fault exactly with what JSON.parse refuses', () => {
    const broken = fc
      .tuple(row, fc.nat(), fc.constantFrom('', '"', ',', '}', '\\', '0', 'e', '\u0001'))
      .map(([value, at, inserted]) => {
        const text = JSON.stringify(value);
        const place = at % text.length;
        return text.slice(0, place) + inserted + text.slice(place + 1);
      });
    fc.assert(
      fc.property(broken, (line) => {
        const fault = diagnoseJsonLine(line);
        if (parses(line)) expect(fault?.kind).not.toBe('syntax');
        else expect(fault).toBeDefined();
      }),
    );
  });
});

function parses(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

describe('sets', () => {
  it('keeps positions as a set of numbers does, in ascending order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000)), fc.nat(100_000), (positions, other) => {
        const set = createPositionSet();
        for (const position of positions) set.add(position);
        expect([...set]).toEqual([...new Set(positions)].sort((left, right) => left - right));
        expect(set.size).toBe(new Set(positions).size);
        expect(set.has(other)).toBe(positions.includes(other));
      }),
    );
  });

  it('knows each text again, far beyond its first size', () => {
    const set = createTextSet();
    const texts = Array.from({ length: 20_000 }, (_, index) => `id ${index}`);
    expect(texts.filter((text) => !set.add(text))).toEqual([]);
    expect(texts.filter((text) => set.add(text))).toEqual([]);
  });
});
