import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** From the repository's root. */
  readonly name: string;
  readonly text: string;
}

/** Everything that people read: the pages at the root and those below docs/. */
export async function readPages(): Promise<readonly Page[]> {
  const docs = (await readdir(path.join(repository, 'docs'), { recursive: true })).filter((name) =>
    name.endsWith('.md'),
  );
  const names = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => path.join('docs', name))];
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(path.join(repository, name), 'utf8') })));
}

/** Bodies of the fenced blocks of a language. */
export function listBlocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , body]) => body ?? '');
}
