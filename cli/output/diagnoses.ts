import type { Diagnosis } from '../../embedded/diagnose.ts';
import { formatPlural } from './format.ts';
import type { Style } from './style.ts';
import { cleanText, indent, textWidth } from './text.ts';

/** A line per check, with what to do where one fails. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[], style: Style): string {
  if (style.isPlain) return renderPlainDiagnoses(diagnoses);
  const nameWidth = Math.max(0, ...diagnoses.map((diagnosis) => textWidth(diagnosis.name)));
  const lines = diagnoses.map((diagnosis) => {
    const mark = diagnosis.ok ? style.good('ok  ') : style.bad('FAIL');
    const hint = diagnosis.hint === undefined ? '' : `${indent(cleanText(diagnosis.hint), 6)}\n`;
    return `${mark}  ${diagnosis.name.padEnd(nameWidth)}  ${cleanText(diagnosis.detail)}\n${hint}`;
  });
  return `${lines.join('')}${renderVerdict(diagnoses)}`;
}

function renderPlainDiagnoses(diagnoses: readonly Diagnosis[]): string {
  const lines = diagnoses.map(
    ({ ok, name, detail, hint }) =>
      `${name} ${ok ? 'is well' : 'failed'}: ${cleanText(detail)}\n${hint === undefined ? '' : `${cleanText(hint)}\n`}`,
  );
  return `${lines.join('')}${renderVerdict(diagnoses)}`;
}

function renderVerdict(diagnoses: readonly Diagnosis[]): string {
  const failed = diagnoses.filter((diagnosis) => !diagnosis.ok).length;
  return failed === 0 ? 'All is well.\n' : `${formatPlural(failed, 'check')} failed.\n`;
}
