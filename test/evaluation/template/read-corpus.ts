import { readdirSync, readFileSync } from 'node:fs';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import { compileTemplate } from '../../../evaluation/template/compile-template.ts';
import type { TemplateNames } from '../../../evaluation/template/template.ts';

const folder = new URL('./corpus/', import.meta.url);

export type Outcome = { readonly output: string } | { readonly error: 'syntax' | 'undefined' | 'failed' };
export type CorpusCase = Outcome & { readonly template: string };

export interface Difference {
  readonly id: string;
  readonly reason: string;
  readonly template: string;
  readonly jinja2: Outcome;
  readonly stet: Outcome;
  readonly names?: TemplateNames;
}

function readJson<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Content;
}

export function readNames(): TemplateNames {
  return readJson('names');
}

export function readGroups(): { readonly group: string; readonly cases: readonly CorpusCase[] }[] {
  return readdirSync(folder)
    .map((file) => file.replace('.json', ''))
    .filter((group) => group !== 'names' && group !== 'differences')
    .map((group) => ({ group, ...readJson<{ readonly cases: readonly CorpusCase[] }>(group) }));
}

export function readDifferences(): readonly Difference[] {
  return readJson<{ readonly cases: readonly Difference[] }>('differences').cases;
}

/** What Stet makes of a template, in the words of the corpus. */
export function renderOutcome(template: string, names: TemplateNames): Outcome {
  try {
    return { output: compileTemplate(template, 'corpus').render(names, '1') };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    if (error.code === 'template-syntax') return { error: 'syntax' };
    if (error.code === 'template-undefined') return { error: 'undefined' };
    if (error.code === 'template-failed') return { error: 'failed' };
    throw error;
  }
}
