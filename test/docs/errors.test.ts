import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../contracts/evaluation-error.ts';

const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^\| `([a-z-]+)` +\|[^|]*\w[^|]*\|[^|]*\w[^|]*\|$/gm)].map(
  (match) => match[1] ?? '',
);
const byText = (left: string, right: string) => left.localeCompare(right);

describe('docs/errors.md', () => {
  it('has exactly one line with meaning and advice for every error code, and none for others', () => {
    expect(documented.toSorted(byText)).toEqual(errorCodes.toSorted(byText));
  });
});
