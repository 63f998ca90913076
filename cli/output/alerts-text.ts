import { type AlertFinding, isRaised } from '../../contracts/alert-finding.ts';
import type { Style } from './style.ts';
import { cleanLine } from './text.ts';

/** A line per finding: what was asked, what became of it, and why. */
export function renderAlerts(findings: readonly AlertFinding[], style: Style): string {
  return findings
    .map(({ alert, verdict, sentence }) => {
      const word = isRaised({ verdict }) ? style.bad(describeVerdict(verdict)) : style.good(describeVerdict(verdict));
      return `Alert ${style.strong(cleanLine(alert))}: ${word}. ${style.faint(cleanLine(sentence))}\n`;
    })
    .join('');
}

export function describeVerdict(verdict: AlertFinding['verdict']): string {
  switch (verdict) {
    case 'fired':
      return 'fired';
    case 'quiet':
      return 'quiet';
    case 'no-baseline':
      return 'nothing to compare with yet';
    case 'unjudged':
      return 'could not be judged';
  }
}
