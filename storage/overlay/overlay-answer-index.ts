import type { AnswerIndex, AnswerPlace, AnswerSource } from '../answer-index.ts';
import type { Store } from '../store.ts';

/**
 * Single answers of a store over those of one that is only read. What is not listed there is listed here, for which the
 * records of its result are copied.
 */
export function createOverlayAnswerIndex(
  own: Store,
  shared: Store,
  importShared: (taskResultId: string) => Promise<void>,
): AnswerIndex {
  return {
    async findSources(options) {
      const [here, there] = await Promise.all([own.answers.findSources(options), shared.answers.findSources(options)]);
      const listedThere = new Map(there.map((source) => [getId(source), source.listed]));
      const known = new Set(here.map(getId));
      return [
        ...here.map(({ result, listed }) => ({
          result,
          listed: new Set([...listed, ...(listedThere.get(result.taskResultId) ?? [])]),
        })),
        ...there.filter((source) => !known.has(getId(source))),
      ]
        .toSorted(byEndedLast)
        .slice(0, options.limit);
    },
    async listAnswers(taskResultId, answers) {
      await importShared(taskResultId);
      await own.answers.listAnswers(taskResultId, answers);
    },
    async finishListing(taskResultId, stage) {
      await importShared(taskResultId);
      await own.answers.finishListing(taskResultId, stage);
    },
    async findAnswers(stage, keys) {
      const [here, there] = await Promise.all([
        own.answers.findAnswers(stage, keys),
        shared.answers.findAnswers(stage, keys),
      ]);
      const found = new Map<(typeof keys)[number], readonly AnswerPlace[]>(here);
      for (const [key, places] of there) found.set(key, [...(here.get(key) ?? []), ...places]);
      return found;
    },
  };
}

function getId({ result }: AnswerSource): string {
  return result.taskResultId;
}

/** As `AnswerIndex.findSources` orders them. */
function byEndedLast({ result: left }: AnswerSource, { result: right }: AnswerSource): number {
  if (left.endedAt !== right.endedAt) return (left.endedAt ?? '') < (right.endedAt ?? '') ? 1 : -1;
  return left.taskResultId < right.taskResultId ? 1 : -1;
}
