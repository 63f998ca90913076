import type { Diagnosis } from '../../embedded/diagnose.ts';
import { formatPlural } from './format.ts';
import type { Style } from './style.ts';
import { cleanText, indent, textWidth } from './text.ts';

/** A line per check, with what to do where one fails. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[], style: Style): string {
  const nameWidth = Math.max(0, ...diagnoses.map((diagnosis) => textWidth(diagnosis.name)));
  const lines = diagnoses.map((diagnosis) => {
    const mark = diagnosis.ok ? style.good('ok  ') : style.bad('FAIL');
    const hint = diagnosis.hint === undefined ? '' : `${indent(cleanText(diagnosis.hint), 6)}\n`;
    return `${mark}  ${diagnosis.name.padEnd(nameWidth)}  ${cleanText(diagnosis.detail)}\n${hint}`;
  });
  const failed = diagnoses.filter((diagnosis) => !diagnosis.ok).length;
  const verdict = failed === 0 ? 'All is well.' : `${formatPlural(failed, 'check')} failed.`;
  return `${lines.join('')}${verdict}\n`;
}
