import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { digestRequest } from '../../evaluation/digest-request.ts';
import { ModelError } from '../../evaluation/model-error.ts';
import type { Generate, ModelInput } from '../../evaluation/model-io.ts';
import type { PlannedModel } from '../../evaluation/plan.ts';
import type { QueryRecorder } from '../../evaluation/query-recorder.ts';
import type { Sample } from '../../evaluation/sample.ts';
import type { DirectModels } from '../host.ts';
import { untilAborted } from '../until-aborted.ts';
import type { UnansweredQuery } from './try-documents.ts';

export interface DirectPlace {
  readonly trial: number;
  /** Absent for the solver. */
  readonly scorerKey?: string;
  readonly modelKey: string;
  readonly recorder: QueryRecorder;
}

/** The queries of one sample, each answered by its model and kept nowhere. */
export interface DirectQueries {
  makeGenerate(place: DirectPlace): Generate;
  /** Also what was asked in vain, which a recorder only counts. */
  readonly unanswered: readonly UnansweredQuery[];
}

export function askDirectly(options: {
  readonly models: DirectModels;
  readonly planned: Readonly<Record<string, PlannedModel>>;
  readonly sample: Sample;
  readonly signal: AbortSignal;
}): DirectQueries {
  const { models, planned, sample, signal } = options;
  const unanswered: UnansweredQuery[] = [];
  return {
    unanswered,
    makeGenerate({ trial, scorerKey, modelKey, recorder }) {
      const model = planned[modelKey];
      if (model === undefined) throw new EvaluationError('internal', `The plan has no model "${modelKey}".`);
      let calls = 0;
      return async (input: ModelInput) => {
        const query = { input, sample: { id: sample.id, row: sample.row }, trial, call: calls++ };
        try {
          const answer = await untilAborted(signal, () => models.query(model, query, signal));
          recorder.answered({ model_key: modelKey, request_digest: digestRequest(input), input, ...answer });
          return answer;
        } catch (error) {
          if (error instanceof ModelError) recorder.failed(error.retries);
          if (error instanceof EvaluationError) {
            const scorer = scorerKey === undefined ? {} : { scorer_key: scorerKey };
            unanswered.push({ model_key: modelKey, trial, ...scorer, input, error: describeError(error) });
          }
          throw error;
        }
      };
    },
  };
}

export function describeError(error: EvaluationError): UnansweredQuery['error'] {
  const { code, message, hint } = error;
  return { error_type: code, message, ...(hint === undefined ? {} : { hint }) };
}
