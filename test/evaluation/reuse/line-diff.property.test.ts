import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DiffLine, diffLines } from '../../../evaluation/reuse/line-diff.ts';

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 8 }).map((lines) => lines.join('\n'));

describe('a line diff', () => {
  test('holds both texts', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        expect(without(lines, 'added')).toBe(before);
        expect(without(lines, 'removed')).toBe(after);
      }),
    );
  });

  test('has as many lines in common as there can be', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const common = diffLines(before, after).filter(({ kind }) => kind === 'same').length;
        expect(common).toBe(countCommon(before.split('\n'), after.split('\n')));
      }),
    );
  });

  test('gives up the best match where it would take long, and holds both texts all the same', () => {
    const before = Array.from({ length: 1_500 }, (_, index) => `old ${index}`).join('\n');
    const after = Array.from({ length: 1_500 }, (_, index) => `new ${index}`).join('\n');
    const lines = diffLines(before, after);
    expect(without(lines, 'added')).toBe(before);
    expect(without(lines, 'removed')).toBe(after);
  });
});

function without(lines: readonly DiffLine[], kind: DiffLine['kind']): string {
  return lines
    .filter((line) => line.kind !== kind)
    .map((line) => line.text)
    .join('\n');
}

/** Length of the longest common subsequence, by its definition. */
function countCommon(before: readonly string[], after: readonly string[]): number {
  const [first, ...rest] = before;
  if (first === undefined) return 0;
  const place = after.indexOf(first);
  const without = countCommon(rest, after);
  return place < 0 ? without : Math.max(without, 1 + countCommon(rest, after.slice(place + 1)));
}
