import type { Answer } from '../../evaluation/model-io.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import { AttemptSuperseded, type SegmentWork } from '../journal.ts';
import type { WaitingAnswer, WaitingAppend, WaitingOutcome } from '../sql/journal-appends.ts';
import { type JournalState, nameOutcome, sealAnswer, takesAnswer } from '../sql/journal-rows.ts';
import type { JournalOutcomes } from '../sql/tables.ts';
import { useColumns } from '../sql/use-columns.ts';
import type { Work } from '../sql/work.ts';
import { findJournalStates, insertAnswers, insertOutcomes } from './append-rows.ts';

type FindState = (segment: SegmentWork) => JournalState;
type Settle = () => void;

/**
 * Writes what may still be written, in a few statements however much it is. Returns what to do when it is committed: nothing
 * is settled here, since the work may be run again.
 */
export function* writeEntries(entries: readonly WaitingAppend[]): Work<readonly Settle[]> {
  const columns = yield* useColumns();
  const findState = yield* findStates(entries);
  const settle: Settle[] = [];
  const answers = entries.filter((entry) => entry.kind === 'answer' && !entry.isWithdrawn) as WaitingAnswer[];

  const outcomes: WaitingOutcome[] = [];
  const settleOutcome = (entry: WaitingOutcome, stands: string) => {
    settle.push(() => entry.resolve(stands));
    // The answers within an outcome that does not stand were paid for like any other.
    if (stands !== entry.outcome.text) answers.push(...entry.withdrawn);
    else for (const withdrawn of entry.withdrawn) settle.push(() => withdrawn.resolve(withdrawn.answer.answer));
  };
  for (const entry of entries) {
    if (entry.kind !== 'outcome') continue;
    const { isClosed, isSuperseded } = findState(entry.segment);
    if (isSuperseded) {
      settle.push(() => entry.reject(new AttemptSuperseded()));
      answers.push(...entry.withdrawn);
    } else if (isClosed) settleOutcome(entry, entry.outcome.text);
    else outcomes.push(entry);
  }
  const standingOutcomes = yield* writeOutcomes(columns, outcomes);
  for (const [index, entry] of outcomes.entries()) settleOutcome(entry, standingOutcomes[index] ?? entry.outcome.text);

  const taken = answers.filter(({ segment }) => takesAnswer(segment, findState(segment)));
  const standingAnswers = yield* writeAnswers(columns, taken);
  const stands = new Map(taken.map((entry, index) => [entry, standingAnswers[index]]));
  for (const entry of answers) settle.push(() => entry.resolve(stands.get(entry) ?? entry.answer.answer));
  return settle;
}

/** Asks once for each segment and attempt. */
function* findStates(entries: readonly WaitingAppend[]): Work<FindState> {
  const segments = new Map(entries.map(({ segment }) => [makeWorkName(segment), segment]));
  const states = yield* findJournalStates(
    [...segments.values()].map(({ taskResultId, stage, segmentIndex, attempt }) => ({
      task_result_id: taskResultId,
      stage,
      segment_index: segmentIndex,
      attempt,
    })),
  );
  const byName = new Map([...segments.keys()].map((name, index) => [name, states[index]]));
  return (segment) => byName.get(makeWorkName(segment)) ?? { isClosed: true, isSuperseded: true };
}

/** What stands for each entry. */
function* writeOutcomes(columns: ColumnCodec, entries: readonly WaitingOutcome[]): Work<readonly string[]> {
  const first = new Map<string, WaitingOutcome>();
  for (const entry of entries) keepFirst(first, makeOutcomeName(entry), entry);
  const names = [...first.keys()].toSorted();
  const rows = names.flatMap((name) => {
    const entry = first.get(name);
    return entry === undefined ? [] : [sealOutcome(columns, entry)];
  });
  const standing = yield* insertOutcomes(rows);
  const texts = new Map(
    rows.map((row, index) => {
      const sealed = standing[index];
      const own = first.get(names[index] ?? '')?.outcome.text;
      const isOwn = sealed === undefined || sealed === row.outcome;
      return [names[index], isOwn ? own : columns.open('journal_outcomes', 'outcome', row, sealed)];
    }),
  );
  return entries.map((entry) => texts.get(makeOutcomeName(entry)) ?? entry.outcome.text);
}

function* writeAnswers(columns: ColumnCodec, entries: readonly WaitingAnswer[]): Work<readonly Answer[]> {
  const first = new Map<string, WaitingAnswer>();
  for (const entry of entries) keepFirst(first, makeAnswerName(entry), entry);
  // In one order everywhere: two processes that write the same names would otherwise wait for each other in a circle.
  const names = [...first.keys()].toSorted();
  const rows = names.flatMap((name) => {
    const entry = first.get(name);
    if (entry === undefined) return [];
    const { answer, ...id } = entry.answer;
    return [sealAnswer(columns, entry.segment, id, JSON.stringify(answer))];
  });
  const standing = yield* insertAnswers(rows);
  const answers = new Map(
    rows.map((row, index) => {
      const sealed = standing[index];
      const own = first.get(names[index] ?? '')?.answer.answer;
      const isOwn = sealed === undefined || sealed === row.answer;
      return [
        names[index],
        isOwn ? own : (JSON.parse(columns.open('journal_answers', 'answer', row, sealed)) as Answer),
      ];
    }),
  );
  return entries.map((entry) => answers.get(makeAnswerName(entry)) ?? entry.answer.answer);
}

function sealOutcome(columns: ColumnCodec, { segment, outcome }: WaitingOutcome): JournalOutcomes {
  const { sampleIndex, text, hasError, queries, usage = null } = outcome;
  const name = nameOutcome(segment, sampleIndex);
  return {
    ...name,
    has_error: hasError ? 1 : 0,
    queries_sent: queries.sent,
    queries_retried: queries.retried,
    usage,
    outcome: columns.seal('journal_outcomes', 'outcome', name, text),
  };
}

function keepFirst<Entry>(entries: Map<string, Entry>, name: string, entry: Entry): void {
  if (!entries.has(name)) entries.set(name, entry);
}

function makeWorkName({ taskResultId, stage, segmentIndex, attempt }: SegmentWork): string {
  return JSON.stringify([taskResultId, stage, segmentIndex, attempt]);
}

function makeOutcomeName({ segment: { taskResultId, stage, segmentIndex }, outcome }: WaitingOutcome): string {
  return JSON.stringify([taskResultId, stage, segmentIndex, outcome.sampleIndex]);
}

function makeAnswerName({ segment: { taskResultId, stage, segmentIndex }, answer }: WaitingAnswer): string {
  const { sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence } = answer;
  return JSON.stringify([
    taskResultId,
    stage,
    segmentIndex,
    sampleIndex,
    trial,
    scorerKey,
    modelKey,
    requestDigest,
    occurrence,
  ]);
}
