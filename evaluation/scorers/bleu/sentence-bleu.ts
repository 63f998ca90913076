import { tokenize13a } from './tokenize-13a.ts';

const longestNgram = 4;

/**
 * BLEU of one answer against one reference, from 0 to 1 (Papineni et al. 2002), as sacreBLEU computes it for sentences:
 * tokeniser 13a, case-sensitive, n-grams of 1 to 4 as far as the answer has any ("effective order"), and for an order
 * without a match half of the smoothing of the one before ("exp").
 */
export function computeSentenceBleu(answer: string, reference: string): number {
  const said = tokenize13a(answer.trimEnd());
  const wanted = tokenize13a(reference.trimEnd());
  const precisions: number[] = [];
  let hasMatch = false;
  let smoothing = 1;
  for (let order = 1; order <= Math.min(longestNgram, said.length); order += 1) {
    const total = said.length - order + 1;
    const matches = countMatches(countNgrams(said, order), countNgrams(wanted, order));
    if (matches > 0) hasMatch = true;
    else smoothing *= 2;
    precisions.push(matches > 0 ? matches / total : 1 / (smoothing * total));
  }
  if (!hasMatch) return 0;
  const logMean = precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / precisions.length;
  const brevity = said.length >= wanted.length ? 1 : Math.exp(1 - wanted.length / said.length);
  return Math.min(1, Math.max(0, brevity * Math.exp(logMean)));
}

function countNgrams(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= tokens.length; start += 1) {
    // No token holds a blank.
    const ngram = tokens.slice(start, start + order).join(' ');
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** Each n-gram of the reference answers for as many as it has. */
function countMatches(said: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): number {
  let matches = 0;
  for (const [ngram, count] of said) matches += Math.min(count, wanted.get(ngram) ?? 0);
  return matches;
}
