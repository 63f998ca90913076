import type { ReuseReason } from '../../client/run-document.ts';
import { formatPlural } from './format.ts';
import type { HumanOutput } from './output.ts';
import { cleanLine, indent, wrapText } from './text.ts';
import { renderTextDiff } from './text-diff.ts';

const maxReasons = 8;
/** Texts from this length on are shown line by line; the sentence has shorter ones whole. */
const longText = 60;

/** Each reason as a sentence, with where long texts differ below it. */
export function renderReasonList(
  reasons: readonly ReuseReason[],
  output: Pick<HumanOutput, 'width' | 'style'>,
): string {
  const shown = reasons.slice(0, maxReasons).map((reason) => {
    const [first = '', ...more] = wrapText(cleanLine(reason.sentence), output.width - 2).split('\n');
    const sentence = [`- ${first}`, ...more.map((line) => `  ${line}`)].join('\n');
    return `${sentence}\n${renderLongTexts(reason, output)}`;
  });
  const left = reasons.length - maxReasons;
  return shown.join('') + (left > 0 ? `- and ${formatPlural(left, 'more difference')}; --json has all of them.\n` : '');
}

function renderLongTexts({ before, after }: ReuseReason, output: Pick<HumanOutput, 'width' | 'style'>): string {
  if (typeof before !== 'string' || typeof after !== 'string') return '';
  if (Math.max(before.length, after.length) <= longText && !`${before}${after}`.trim().includes('\n')) return '';
  return indent(renderTextDiff(before, after, { ...output, width: output.width - 4 }), 4);
}
