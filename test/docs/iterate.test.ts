import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { compileWhere, whereNames } from '../../evaluation/where/index.ts';
import { repository } from './read-pages.ts';

const page = await readFile(path.join(repository, 'docs', 'iterate.md'), 'utf8');

it('every expression of the page is one', () => {
  const expressions = [...page.matchAll(/--where "([^"]+)"/g)].map(([, expression]) => expression ?? '');
  expect(expressions.length).toBeGreaterThan(5);
  const task = { scorerKeys: ['includes', 'judge'], columns: ['sample_id', 'topic', 'question', 'expected'] };
  for (const expression of expressions) expect(() => compileWhere(expression, task), expression).not.toThrow();
});

it('the page has every name of an expression', () => {
  for (const name of whereNames) expect(page).toMatch(new RegExp(`^\\|.*\`${name}\``, 'm'));
});
