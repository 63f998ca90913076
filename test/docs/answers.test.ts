import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { reusedAnswers, reuseSchema } from '../../evaluation/spec/run-file.ts';
import { maxResults, maxSourcesPerModel } from '../../planning/answers/find-answer-sources.ts';

const page = await readFile(new URL('../../docs/answers.md', import.meta.url), 'utf8');

it('shows a setting that a run file takes', () => {
  const [block = ''] = /```yaml\n([\s\S]*?)```/.exec(page)?.slice(1) ?? [];
  const { reuse } = parse(block) as { readonly reuse: unknown };
  expect(reuseSchema.parse(reuse)).toEqual({ answers: 'solver' });
});

it('names every value, and how many results are looked at', () => {
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, value]) => value).filter((value) => value !== 'reuse');
  expect(named).toEqual([...reusedAnswers]);
  expect(page).toContain(`The latest ${maxSourcesPerModel} results for each`);
  expect(page).toContain(`the latest ${maxResults.toLocaleString('en')} of the store`);
});
