import { digestRequest } from '../evaluation/digest-request.ts';
import { ModelError } from '../evaluation/model-error.ts';
import type { Answer, Generate } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { QueryRecorder } from '../evaluation/query-recorder.ts';
import type { Sample } from '../evaluation/sample.ts';
import { isTaskLevel } from '../evaluation/to-sample-error.ts';
import type { RecordedQuery } from '../evaluation/trace.ts';
import type { Models } from '../models/models.ts';
import type { WantedAnswer } from '../planning/answers/answer-look-up.ts';
import type { JournalAnswer } from '../storage/journal.ts';
import type { PatientJournal } from './patient-journal.ts';
import { readPlanned } from './read-planned.ts';
import type { LostQueries } from './segment-meter.ts';

export interface QueryPlace {
  readonly trial: number;
  /** Key of the scorer that asks; empty in stage `solve`. */
  readonly scorerKey: string;
  readonly modelKey: string;
  readonly model: PlannedModel;
  readonly recorder: QueryRecorder;
}

/** Looks for an answer that stands without having been asked for by this task result. */
export type FindStanding = (wanted: WantedAnswer) => Promise<Answer | undefined>;

/** The queries of one sample in one stage. */
export interface JournalledQueries {
  makeGenerate(place: QueryPlace): Generate;
  /**
   * Runs what asks them. When it throws, every answer is on disk before the error goes on: the next attempt may begin at
   * once, and must find the answers of trials that had one.
   */
  run<Outcome>(sample: () => Promise<Outcome>): Promise<Outcome>;
}

/**
 * Queries of one sample that look into the journal before they send, and whose answers are on disk before they count: an
 * answer is written when the sample's outcome is, and at the latest before the next query that may build on it is sent.
 */
export function createJournalledQueries(options: {
  readonly models: Models;
  readonly journal: PatientJournal;
  readonly sample: Sample;
  /** What the journal held of this sample when the attempt began. */
  readonly answers: readonly JournalAnswer[];
  /** Hears of sends that come to nothing which is recorded: of a query that is abandoned, or meets an outage. */
  readonly onLost?: ((scorerKey: string, lost: LostQueries) => void) | undefined;
  /** Answers of other results that stand singly; looked at where the journal has none. */
  readonly findStanding?: FindStanding | undefined;
}): JournalledQueries {
  const { models, journal, sample, findStanding, onLost } = options;
  const recorded = new Map(options.answers.map((answer) => [nameAnswer(answer), answer.answer]));
  const writes: Promise<Answer>[] = [];

  return {
    makeGenerate,
    async run(ask) {
      try {
        return await ask();
      } catch (error) {
        await Promise.allSettled(writes);
        throw error;
      }
    },
  };

  function makeGenerate({ trial, scorerKey, modelKey, model, recorder }: QueryPlace): Generate {
    const asked = new Map<string, number>();
    let call = 0;
    let written: Promise<Answer> | undefined;
    return async (input) => {
      await written;
      const requestDigest = digestRequest(input);
      const occurrence = asked.get(requestDigest) ?? 0;
      asked.set(requestDigest, occurrence + 1);
      const id = { sampleIndex: sample.index, trial, scorerKey, modelKey, requestDigest, occurrence };
      const thisCall = call++;
      const known =
        recorded.get(nameAnswer(id)) ?? (await findStanding?.({ model, requestDigest, trial, call: thisCall, sample }));
      const answer = known ?? (await send());
      recorder.answered({ model_key: modelKey, request_digest: requestDigest, input, ...answer });
      return answer;

      async function send(): Promise<Answer> {
        let sends = 0;
        const count = (): void => {
          sends += 1;
        };
        /** A pause may have had the whole query sent anew. */
        const countLost = (recorded: number): void => {
          const lost = sends - recorded;
          const queries = recorded === 0 ? 1 : 0;
          if (lost > 0) onLost?.(scorerKey, { queries, retries: lost - queries });
        };
        try {
          const request = { input, sample: { id: sample.id, row: sample.row }, trial, call: thisCall };
          // The module or the recording that answers is a blob, too.
          const answer = await readPlanned('Pieces of a model', () =>
            journal.whileWritable((signal, budget) => models.query(model, request, signal, keep, budget, count)),
          );
          countLost(answer.evidence.retries.length + 1);
          return answer;
        } catch (error) {
          const isOfSample = error instanceof ModelError && !isTaskLevel(error);
          if (isOfSample) recorder.failed(error.retries);
          countLost(isOfSample ? error.retries + 1 : 0);
          throw error;
        }
      }

      function keep(received: Answer): Promise<Answer> {
        written = journal.appendAnswer({ ...id, answer: received });
        written.catch(() => undefined); // awaited before the next query, and met again by the outcome
        writes.push(written);
        return written;
      }
    };
  }
}

/** The answers among recorded queries of one trial, under the names that a new attempt looks for. */
export function toJournalAnswers(
  sampleIndex: number,
  place: { readonly trial: number; readonly scorerKey: string },
  queries: readonly RecordedQuery[],
): JournalAnswer[] {
  const asked = new Map<string, number>();
  return queries.map(({ model_key: modelKey, request_digest: requestDigest, output, evidence, origin }) => {
    const name = `${modelKey} ${requestDigest}`;
    const occurrence = asked.get(name) ?? 0;
    asked.set(name, occurrence + 1);
    const answer = { output, evidence, ...(origin === undefined ? {} : { origin }) };
    return { sampleIndex, ...place, modelKey, requestDigest, occurrence, answer };
  });
}

function nameAnswer({ trial, scorerKey, modelKey, requestDigest, occurrence }: Omit<JournalAnswer, 'answer'>): string {
  return JSON.stringify([trial, scorerKey, modelKey, requestDigest, occurrence]);
}
