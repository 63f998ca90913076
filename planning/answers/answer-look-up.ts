import type { Digest } from '../../contracts/digest.ts';
import type { Answer } from '../../evaluation/model-io.ts';
import type { PlannedModel } from '../../evaluation/plan.ts';
import { digestAnsweredSample, makeAnswerKey, seesSample } from '../../evaluation/reuse/answer-key.ts';
import { findAnswerOfSample, getArrivalMs } from '../../evaluation/reuse/list-answers.ts';
import type { Sample } from '../../evaluation/sample.ts';
import type { ScoredSample } from '../../evaluation/score.ts';
import type { SolvedSample } from '../../evaluation/trace.ts';
import type { AnswerPlace } from '../../storage/answer-index.ts';
import { isBlobLost } from '../../storage/is-blob-lost.ts';
import type { Stage } from '../../storage/journal.ts';
import { readSegmentLines } from '../../storage/segment-lines.ts';
import type { AnswerStore, UsableSource } from './find-answer-sources.ts';

/** A query that is about to be sent. */
export interface WantedAnswer {
  readonly model: Pick<PlannedModel, 'model' | 'version'>;
  readonly requestDigest: string;
  readonly trial: number;
  /** How many queries were asked before in this trial, by the solver or by this scorer. */
  readonly call: number;
  readonly sample: Sample;
}

/** Single answers of stored results, for one run. */
export interface AnswerLookUp {
  /** An answer that may stand; undefined where there is none, and where it was removed or lost a moment ago. */
  find(stage: Stage, wanted: WantedAnswer): Promise<Answer | undefined>;
}

/** Parsed ones that are kept: two for each segment that is being worked on, as far as their rows are in the same order. */
const maxOpenSegments = 16;

type Line = SolvedSample | ScoredSample;

interface Waiting {
  readonly stage: Stage;
  readonly key: Digest;
  readonly wanted: WantedAnswer;
  readonly resolve: (answer: Promise<Answer | undefined>) => void;
}

/**
 * Looks answers up in sources that are listed. What is asked in one turn of the event loop (all samples of a segment ask
 * at once) is looked up by one query; a place that is found is read from its segment, whose digest is verified.
 *
 * @param options.maxAgeMs - How long ago an answer may have arrived.
 */
export function createAnswerLookUp(
  store: AnswerStore,
  sources: readonly UsableSource[],
  options: { readonly maxAgeMs: number | undefined; readonly now: () => number },
): AnswerLookUp {
  /** Which are usable, and which of them comes first. A source of which a piece turns out to be lost leaves. */
  const usable = new Map(sources.map((source, order) => [source.result.taskResultId, { ...source, order }]));
  const openSegments = new Map<Digest, Promise<ReadonlyMap<number, Line>>>();
  let waiting: Waiting[] = [];

  return {
    find(stage, wanted) {
      if (usable.size === 0) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ stage, key: makeKey(wanted), wanted, resolve });
      });
    },
  };

  function flush(): void {
    const batch = waiting;
    waiting = [];
    for (const stage of ['solve', 'score'] as const) {
      const ofStage = batch.filter((one) => one.stage === stage);
      if (ofStage.length === 0) continue;
      const looking = store.answers.findAnswers(stage, [...new Set(ofStage.map(({ key }) => key))]);
      for (const { key, wanted, resolve } of ofStage) {
        resolve(looking.then((found) => readFirst(found.get(key) ?? [], wanted)));
      }
    }
  }

  async function readFirst(places: readonly AnswerPlace[], wanted: WantedAnswer): Promise<Answer | undefined> {
    for (const place of sortPlaces(places, wanted)) {
      const answer = await read(place, wanted);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /**
   * The latest source first: an `update` was wanted for its answers. In it the same sample: of rows with equal requests each
   * keeps its own answer.
   */
  function sortPlaces(places: readonly AnswerPlace[], { sample }: WantedAnswer): readonly AnswerPlace[] {
    const rank = (place: AnswerPlace): readonly [number, number, number] => [
      usable.get(place.taskResultId)?.order ?? 0,
      place.sampleIndex === sample.index ? 0 : 1,
      place.sampleIndex,
    ];
    return places
      .filter(({ taskResultId, stage }) => usable.get(taskResultId)?.stages.has(stage))
      .toSorted((left, right) => {
        const [one, other] = [rank(left), rank(right)];
        return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
      });
  }

  async function read(place: AnswerPlace, wanted: WantedAnswer): Promise<Answer | undefined> {
    const source = usable.get(place.taskResultId);
    const line = source === undefined ? undefined : (await openSegment(place))?.get(place.sampleIndex);
    if (source === undefined || line === undefined) return undefined;
    const { trial, call, requestDigest } = wanted;
    const query = findAnswerOfSample(line, { trial, call, requestDigest, scorerKey: place.scorerKey });
    if (query === undefined) return undefined;
    const arrivalMs = getArrivalMs(query);
    if (options.maxAgeMs !== undefined && !(options.now() - arrivalMs <= options.maxAgeMs)) return undefined;
    const { output, evidence } = query;
    const origin = query.origin ?? {
      run: source.result.runId,
      task_result: source.result.taskResultId,
      sample_id: line.sample_id,
      answered_at: new Date(arrivalMs).toISOString(),
    };
    return { output, evidence, origin };
  }

  async function openSegment({ taskResultId, blob }: AnswerPlace): Promise<ReadonlyMap<number, Line> | undefined> {
    let opening = openSegments.get(blob);
    if (opening === undefined) {
      opening = readSegmentLines<Line>(store.content, blob).then(
        (lines) => new Map(lines.map((line) => [line.sample_index, line])),
      );
      const [oldest] = openSegments.keys();
      if (openSegments.size >= maxOpenSegments && oldest !== undefined) openSegments.delete(oldest);
      openSegments.set(blob, opening);
    }
    try {
      return await opening;
    } catch (error) {
      openSegments.delete(blob);
      if (!isBlobLost(error)) throw error;
      // Collected a moment ago, or damaged: then no answer of it stands any more.
      usable.delete(taskResultId);
      return undefined;
    }
  }
}

function makeKey({ model, requestDigest, trial, call, sample }: WantedAnswer): Digest {
  const sampleDigest = seesSample(model.model.config.connection_type) ? digestAnsweredSample(sample) : null;
  return makeAnswerKey({ modelVersion: model.version, requestDigest, trial, call, sampleDigest });
}
