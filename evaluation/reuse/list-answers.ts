import type { Digest } from '../../contracts/digest.ts';
import type { ModelUse } from '../fingerprint/read-model-uses.ts';
import type { ScoredSample } from '../score.ts';
import type { RecordedQuery, SolvedSample, SolvedTrial } from '../trace.ts';
import { makeAnswerKey } from './answer-key.ts';

/** A trial in either stage, as far as its answers go. */
interface AnsweredTrial extends Pick<SolvedTrial, 'trial' | 'queries' | 'failed_queries' | 'error'> {
  readonly scorer_key?: string;
}

/** An answer of a stored sample that may stand elsewhere. */
export interface AnswerOfSample {
  readonly key: Digest;
  /** Of the scorer that asked; empty in stage `solve`. */
  readonly scorerKey: string;
}

/**
 * The answers of one stored sample that may stand where the same is asked. Those of a trial that came to an error stand
 * nowhere: the answer may be what was wrong, and to ask again is the only way to another one.
 *
 * @param getModel - The model behind the queries of a scorer, or with the empty key of the solver.
 * @param sampleDigest - Asked for only where the model is given the sample.
 */
export function listAnswersOfSample(
  { trials }: Pick<SolvedSample | ScoredSample, 'trials'>,
  getModel: (scorerKey: string) => ModelUse | undefined,
  sampleDigest: () => Digest,
): readonly AnswerOfSample[] {
  return (trials as readonly AnsweredTrial[])
    .filter(isSound)
    .flatMap(({ trial, scorer_key: scorerKey = '', queries }) => {
      const model = getModel(scorerKey);
      if (model === undefined) return [];
      return queries.map(({ request_digest: requestDigest }, call) => ({
        key: makeAnswerKey({
          modelVersion: model.version,
          requestDigest,
          trial,
          call,
          sampleDigest: model.seesSample ? sampleDigest() : null,
        }),
        scorerKey,
      }));
    });
}

/** The recorded query that answers a request in its place, where the sample has it. */
export function findAnswerOfSample(
  { trials }: Pick<SolvedSample | ScoredSample, 'trials'>,
  place: { readonly trial: number; readonly scorerKey: string; readonly call: number; readonly requestDigest: string },
): RecordedQuery | undefined {
  const trial = (trials as readonly AnsweredTrial[]).find(
    (candidate) => candidate.trial === place.trial && (candidate.scorer_key ?? '') === place.scorerKey,
  );
  if (trial === undefined || !isSound(trial)) return undefined;
  const query = trial.queries[place.call];
  return query?.request_digest === place.requestDigest ? query : undefined;
}

/** When an answer arrived; milliseconds since 1970. One that stood has kept its time. */
export function getArrivalMs({ evidence }: Pick<RecordedQuery, 'evidence'>): number {
  return Date.parse(evidence.started_at) + evidence.duration_ms;
}

/** After a query without an answer, the place of an answer among the others is not that of its call. */
function isSound({ error, failed_queries: failed }: AnsweredTrial): boolean {
  return error === undefined && failed.sent === 0;
}
