import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPages, repository } from './read-pages.ts';

const pages = await readPages();

describe('links and paths in the pages', () => {
  it.each(pages)('lead somewhere: $name', ({ name, text }) => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    const broken = relative.filter((target) => {
      const [file = '', heading] = target.split('#');
      const page = file === '' ? name : path.join(path.dirname(name), file);
      if (!existsSync(path.join(repository, page))) return true;
      return heading !== undefined && !listHeadings(page).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages.filter(({ name }) => name !== 'CHANGELOG.md'))('name files that are there: $name', ({ text }) => {
    const folders =
      'activities|bench|cli|client|contracts|embedded|evaluation|examples|models|modules|planning|scripts|storage|test|workers|workflows';
    const named = [...text.matchAll(new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g'))].map(([, file]) => file ?? '');
    expect(named.filter((file) => !existsSync(path.join(repository, file)))).toEqual([]);
  });
});

/** Headings of a page as links name them. */
function listHeadings(name: string): readonly string[] {
  const page = pages.find((candidate) => candidate.name === name);
  return [...(page?.text ?? '').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
