import { digestJson } from '../evaluation/fingerprint/digest.ts';
import { ModelError } from '../evaluation/model-error.ts';
import type { Answer, Generate } from '../evaluation/model-io.ts';
import type { PlannedModel } from '../evaluation/plan.ts';
import type { QueryRecorder } from '../evaluation/query-recorder.ts';
import type { Sample } from '../evaluation/sample.ts';
import type { RecordedQuery } from '../evaluation/trace.ts';
import type { Models } from '../models/models.ts';
import type { JournalAnswer } from '../storage/journal.ts';
import type { PatientJournal } from './patient-journal.ts';
import { readPlanned } from './read-planned.ts';

const requestDomain = 'stet-request';

export interface QueryPlace {
  readonly trial: number;
  /** Key of the scorer that asks; empty in stage `solve`. */
  readonly scorerKey: string;
  readonly modelKey: string;
  readonly model: PlannedModel;
  readonly recorder: QueryRecorder;
}

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
}): JournalledQueries {
  const { models, journal, sample } = options;
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
      const requestDigest = digestJson(requestDomain, input);
      const occurrence = asked.get(requestDigest) ?? 0;
      asked.set(requestDigest, occurrence + 1);
      const id = { sampleIndex: sample.index, trial, scorerKey, modelKey, requestDigest, occurrence };
      const thisCall = call++;
      const known = recorded.get(nameAnswer(id));
      const answer = known ?? (await send());
      recorder.answered({ model_key: modelKey, request_digest: requestDigest, input, ...answer });
      return answer;

      async function send(): Promise<Answer> {
        try {
          const request = { input, sample: { id: sample.id, row: sample.row }, trial, call: thisCall };
          // The module or the recording that answers is a blob, too.
          return await readPlanned('Pieces of a model', () =>
            journal.whileWritable((signal) => models.query(model, request, signal, keep)),
          );
        } catch (error) {
          if (error instanceof ModelError) recorder.failed(error.retries);
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
  return queries.map(({ model_key: modelKey, request_digest: requestDigest, output, evidence }) => {
    const name = `${modelKey} ${requestDigest}`;
    const occurrence = asked.get(name) ?? 0;
    asked.set(name, occurrence + 1);
    return { sampleIndex, ...place, modelKey, requestDigest, occurrence, answer: { output, evidence } };
  });
}

function nameAnswer({ trial, scorerKey, modelKey, requestDigest, occurrence }: Omit<JournalAnswer, 'answer'>): string {
  return JSON.stringify([trial, scorerKey, modelKey, requestDigest, occurrence]);
}
