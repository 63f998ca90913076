import type { Digest } from '../../contracts/digest.ts';
import { digestAnsweredSample } from '../../evaluation/reuse/answer-key.ts';
import { listAnswersOfSample } from '../../evaluation/reuse/list-answers.ts';
import type { Sample } from '../../evaluation/sample.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import { isBlobLost } from '../../storage/is-blob-lost.ts';
import type { Stage } from '../../storage/journal.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import { createRowReader } from '../datasets/read-rows.ts';
import type { AnswerStore, UsableSource } from './find-answer-sources.ts';

/**
 * Lists the answers of a stage of a stored result, segment by segment: memory holds one. It is done once for a result,
 * when answers are first looked for in it.
 *
 * @returns false where a piece of it turned out to be lost: it is damaged, and no answer of it may stand.
 */
export async function listSource(store: AnswerStore, source: UsableSource, stage: Stage): Promise<boolean> {
  if (source.listed.has(stage)) return true;
  const { taskResultId } = source.result;
  try {
    const readSampleDigests = createSampleDigests(store, source, stage);
    for (const { segmentIndex, blob } of await store.results.listSegments(taskResultId, stage)) {
      const lines = await readSegmentLines<SolvedSample | ScoredSample>(store.content, blob.digest);
      const digestOf = await readSampleDigests(segmentIndex);
      const answers = lines.flatMap((line) =>
        listAnswersOfSample(
          line,
          (scorerKey) => source.models.get(scorerKey),
          () => digestOf(line.sample_index),
        ).map((answer) => ({ ...answer, stage, segmentIndex, sampleIndex: line.sample_index })),
      );
      await store.answers.listAnswers(taskResultId, answers);
    }
    await store.answers.finishListing(taskResultId, stage);
    return true;
  } catch (error) {
    if (isBlobLost(error)) return false;
    throw error;
  }
}

/** Rows are read only for models that are given them. */
function createSampleDigests(store: AnswerStore, { result, models }: UsableSource, stage: Stage) {
  const isNeeded = [...models].some(([key, model]) => (key === '') === (stage === 'solve') && model.seesSample);
  let rows: ReturnType<typeof createRowReader> | undefined;
  return async (segmentIndex: number): Promise<(sampleIndex: number) => Digest> => {
    if (!isNeeded) return () => neverAsked();
    rows ??= createRowReader(store.content, await readRowsDigest(store, result.manifest?.digest));
    const samples = new Map(
      (await rows.readSegment(segmentIndex)).map((sample): [number, Sample] => [sample.index, sample]),
    );
    return (sampleIndex) => {
      const sample = samples.get(sampleIndex);
      return sample === undefined ? neverAsked() : digestAnsweredSample(sample);
    };
  };
}

function neverAsked(): never {
  throw new Error('A stored answer is of a sample that its result does not have.');
}

async function readRowsDigest({ content }: AnswerStore, manifest: Digest | undefined): Promise<Digest> {
  if (manifest === undefined) return neverAsked();
  return (JSON.parse(new TextDecoder().decode(await content.get(manifest))) as { readonly rows: Digest }).rows;
}
