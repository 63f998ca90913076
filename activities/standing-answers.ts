import { noTelemetry, type Telemetry } from '../contracts/telemetry.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { AnswerLookUp } from '../planning/answers/answer-look-up.ts';
import { openAnswers } from '../planning/answers/open-answers.ts';
import type { SegmentWork } from '../storage/journal.ts';
import type { Store } from '../storage/store.ts';
import type { FindStanding } from './journalled-queries.ts';
import { getTaskResult } from './segment-access.ts';

/** Runs whose sources are kept: those that a worker is at. */
const capacity = 8;

/** What `reuse.answers` lets stand, for the queries of a stage; undefined where it lets nothing. */
export type GetStanding = (
  plan: Plan,
  segment: Pick<SegmentWork, 'taskResultId' | 'attempt' | 'stage'>,
) => Promise<FindStanding | undefined>;

export interface StandingAnswersOptions {
  /** By which the age of answers is judged. */
  readonly now?: (() => number) | undefined;
  readonly telemetry?: Pick<Telemetry, 'answerStood'> | undefined;
}

/**
 * The results whose single answers may stand are chosen, and listed where that is still to be done, once for each attempt
 * of a run in this process: before its first query.
 */
export function createStandingAnswers(
  store: Store,
  { now = Date.now, telemetry = noTelemetry }: StandingAnswersOptions,
): GetStanding {
  const opened = new Map<string, Promise<AnswerLookUp | undefined>>();
  return async (plan, { taskResultId, attempt, stage }) => {
    const { answers } = plan.reuse;
    if (plan.cache_policy !== 'reuse' || answers === 'off' || (stage === 'score' && answers !== 'all'))
      return undefined;
    const { runId } = await getTaskResult(store, taskResultId);
    const name = `${runId} ${attempt}`;
    let opening = opened.get(name);
    if (opening === undefined) {
      opening = openAnswers(store, plan, { runId, now });
      opened.set(name, opening);
      opening.catch(() => opened.delete(name));
      const [oldest] = opened.keys();
      if (opened.size > capacity && oldest !== undefined) opened.delete(oldest);
    }
    const lookUp = await opening;
    if (lookUp === undefined) return undefined;
    return async (wanted) => {
      const answer = await lookUp.find(stage, wanted);
      if (answer !== undefined) telemetry.answerStood(wanted.model.model.key);
      return answer;
    };
  };
}
