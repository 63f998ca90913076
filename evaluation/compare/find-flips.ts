import type { Pairing } from './pair-scores.ts';
import type { NamedValues, SampleScores } from './sample-scores.ts';

/** Samples whose verdict turned round. */
export interface Flips {
  readonly scorer: string;
  /** Name of the score. */
  readonly score: string;
  /** Ids, in order. */
  readonly toRight: readonly string[];
  readonly toWrong: readonly string[];
}

/**
 * Samples that one of the two results calls right and the other wrong, per scorer and verdict; a verdict without any is
 * left out. Of several trials more than half decide; a tie is neither.
 */
export function findFlips(first: SampleScores, second: SampleScores, { pairs }: Pairing): readonly Flips[] {
  const flips: Flips[] = [];
  for (const [scorer, verdicts] of first.verdicts) {
    const [before, after] = [first.values.get(scorer) ?? [], second.values.get(scorer) ?? []];
    for (const score of verdicts) {
      if (second.verdicts.get(scorer)?.has(score) !== true) continue;
      const toRight: string[] = [];
      const toWrong: string[] = [];
      for (const [place, other] of pairs) {
        const [was, is] = [readVerdict(before[place], score), readVerdict(after[other], score)];
        if (was === undefined || is === undefined || was === is) continue;
        (is ? toRight : toWrong).push(first.ids[place] as string);
      }
      if (toRight.length + toWrong.length > 0) flips.push({ scorer, score, toRight, toWrong });
    }
  }
  return flips;
}

function readVerdict(values: NamedValues | undefined, score: string): boolean | undefined {
  if (values === undefined) return undefined;
  const value = Object.hasOwn(values, score) ? values[score] : values[`${score}.mean`];
  if (value === undefined || value === null) return undefined;
  const share = Number(value);
  return share === 0.5 ? undefined : share > 0.5;
}
