import { digestBytes } from '../../evaluation/fingerprint/digest.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SampleDocument } from '../stet.ts';

/** Samples that are looked at before some are chosen: enough to find what is rare, and quick at any size. */
const mostCandidates = 5_000;

/** A stored sample whose solver outputs all are there. */
export type SolvedDocument = SampleDocument & { readonly solved: NonNullable<SampleDocument['solved']> };

export interface ChosenSamples {
  readonly samples: readonly SolvedDocument[];
  readonly candidates: number;
}

/**
 * Half of the samples from those that some score called wrong, half from the others, each by a digest of their ids: the
 * same ones every time, from all over the dataset. Where one half has too few, the other gives more.
 */
export async function chooseSamples(stored: AsyncIterable<SampleDocument>, limit: number): Promise<ChosenSamples> {
  const wrong: Ranked[] = [];
  const others: Ranked[] = [];
  let candidates = 0;
  for await (const sample of stored) {
    if (!isSolved(sample)) continue;
    candidates += 1;
    const ranked = { rank: digestBytes(sample.sample_id), sample };
    keepLowest(wasWrong(sample.scored) ? wrong : others, ranked, limit);
    if (candidates === mostCandidates) break;
  }
  const half = Math.ceil(limit / 2);
  const fromOthers = Math.min(others.length, Math.max(limit - half, limit - wrong.length));
  const chosen = [...wrong.slice(0, limit - fromOthers), ...others.slice(0, fromOthers)];
  const samples = chosen.map(({ sample }) => sample).sort((one, other) => one.sample_index - other.sample_index);
  return { samples, candidates };
}

export function isSolved(sample: SampleDocument): sample is SolvedDocument {
  return sample.solved !== null && sample.solved.trials.every(({ output }) => output !== null);
}

/** Some score of some trial says false, or a scorer failed. */
function wasWrong(scored: ScoredSample | null): boolean {
  if (scored === null) return false;
  const saysFalse = scored.trials.some(({ score }) => Object.values(score?.values ?? {}).includes(false));
  return saysFalse || scored.errors.length > 0;
}

interface Ranked {
  readonly rank: string;
  readonly sample: SolvedDocument;
}

/** Keeps the list sorted and no longer than `most`. */
function keepLowest(list: Ranked[], added: Ranked, most: number): void {
  const last = list.at(-1);
  if (list.length === most && last !== undefined && last.rank <= added.rank) return;
  const position = list.findIndex(({ rank }) => rank > added.rank);
  list.splice(position < 0 ? list.length : position, 0, added);
  if (list.length > most) list.pop();
}
