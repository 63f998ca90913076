/** A line of two texts side by side: in both, only in the earlier one, or only in the later one. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Beyond so many pairs of lines the middle is given as replaced whole: the best match would take too long. */
const maxPairs = 1_000_000;

/**
 * Two texts line by line, with as many lines in common as there can be; read without the `removed` ones it is the later
 * text.
 */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, present] = [before.split('\n'), after.split('\n')];
  const shorter = Math.min(old.length, present.length);
  let start = 0;
  while (start < shorter && old[start] === present[start]) start++;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === present.at(-1 - end)) end++;
  return [
    ...mark('same', present.slice(0, start)),
    ...diffMiddle(old.slice(start, old.length - end), present.slice(start, present.length - end)),
    ...mark('same', present.slice(present.length - end)),
  ];
}

/** The longest common subsequence, by the table of its lengths. */
function diffMiddle(old: readonly string[], present: readonly string[]): readonly DiffLine[] {
  if (old.length * present.length > maxPairs) return [...mark('removed', old), ...mark('added', present)];
  const width = present.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = present.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        old[row] === present[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < present.length) {
    const [left, right] = [old[row], present[column]];
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left });
      row++;
      column++;
    } else if (left !== undefined && (right === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ kind: 'removed', text: left });
      row++;
    } else if (right !== undefined) {
      lines.push({ kind: 'added', text: right });
      column++;
    }
  }
  return lines;
}

function mark(kind: DiffLine['kind'], texts: readonly string[]): readonly DiffLine[] {
  return texts.map((text) => ({ kind, text }));
}
