import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDifferences, readGroups, readNames, renderOutcome } from './read-corpus.ts';

const names = readNames();

describe.each(readGroups())('corpus $group', ({ cases }) => {
  it.each(cases)('renders $template as Jinja2 does', ({ template, ...expected }) => {
    expect(renderOutcome(template, names)).toEqual(expected);
  });
});

describe('known differences to Jinja2', () => {
  it.each(readDifferences())('$id: Stet gives what the corpus says', (difference) => {
    expect(renderOutcome(difference.template, difference.names ?? names)).toEqual(difference.stet);
  });

  it('are listed in docs/templates.md, all of them and no others', () => {
    const page = readFileSync(new URL('../../../docs/templates.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('## Differences to Jinja2');
    const listed = [...section.matchAll(/^- (.+)$/gm)].map(([, sentence]) => sentence);
    expect(new Set(listed)).toEqual(new Set(readDifferences().map(({ reason }) => reason)));
  });
});

describe('the corpus', () => {
  it('does not grow by rendering: a template that changes lists changes copies', () => {
    const before = structuredClone(names);
    for (const { cases } of readGroups()) for (const { template } of cases) renderOutcome(template, names);
    expect(names).toEqual(before);
  });
});
