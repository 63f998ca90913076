import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from './read-pages.ts';

// A promise in the matrix without the test that proves it would be a claim; a renamed test must not leave one behind.

const folder = path.join(repository, 'docs');
const page = readFileSync(path.join(folder, 'reliability.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[\s:-]+\|/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([, , proof]) => proof !== undefined && !proof.startsWith('Proved by'));
const proofs = rows.flatMap(([fault = '', , proof = '']) =>
  [...proof.matchAll(/\[[^\]]+\]\((?<file>[^)]+)\): “(?<title>[^”]+)”/g)].map(({ groups }) => ({
    fault,
    file: path.join(folder, groups?.['file'] ?? ''),
    title: groups?.['title'] ?? '',
  })),
);

describe('the fault matrix of docs/reliability.md', () => {
  it('names at least one test for every promise', () => {
    const proved = new Set(proofs.map(({ fault }) => fault));
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.map(([fault]) => fault).filter((fault) => fault === undefined || !proved.has(fault))).toEqual([]);
  });

  it('names only tests that are there', () => {
    const missing = proofs.filter(
      ({ file, title }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title),
    );
    expect(missing).toEqual([]);
  });
});
