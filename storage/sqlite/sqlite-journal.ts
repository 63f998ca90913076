import type { Answer } from '../../evaluation/model-io.ts';
import type { Journal, JournalAnswer, JournalOutcome, SegmentId } from '../journal.ts';
import type { SqliteConnection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { JournalRows } from './journal-rows.ts';
import { toStoreError } from './store-error.ts';

interface WaitingAnswer {
  readonly kind: 'answer';
  readonly segment: SegmentId;
  readonly answer: JournalAnswer;
  readonly resolve: (stands: Answer) => void;
  readonly reject: (error: unknown) => void;
  /** An outcome of its sample has come that holds it: the row need not be written. */
  isWithdrawn: boolean;
}

interface WaitingOutcome {
  readonly kind: 'outcome';
  readonly segment: SegmentId;
  readonly outcome: JournalOutcome;
  readonly withdrawn: readonly WaitingAnswer[];
  readonly resolve: (stands: string) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingWrite {
  readonly kind: 'write';
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Waiting = WaitingAnswer | WaitingOutcome | WaitingWrite;

/** The journal in SQLite, with group commit. */
export class SqliteJournal implements Journal {
  readonly #connection: SqliteConnection;
  readonly #rows: JournalRows;
  readonly #queue: GroupCommit<Waiting>;
  /** Answers that wait for their commit, by sample. */
  readonly #waitingAnswers = new Map<string, WaitingAnswer[]>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#rows = new JournalRows(connection);
    this.#queue = new GroupCommit((entries) => this.#commit(entries));
  }

  async load(segment: SegmentId) {
    return this.#connection.snapshot(() => ({
      answers: this.#rows.listAnswers(segment),
      outcomes: this.#rows.listOutcomes(segment),
    }));
  }

  appendAnswer(segment: SegmentId, answer: JournalAnswer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry: WaitingAnswer = { kind: 'answer', segment, answer, resolve, reject, isWithdrawn: false };
      const sample = makeSampleName(segment, answer.sampleIndex);
      const waiting = this.#waitingAnswers.get(sample);
      if (waiting === undefined) this.#waitingAnswers.set(sample, [entry]);
      else waiting.push(entry);
      this.#queue.add(entry);
    });
  }

  appendOutcome(segment: SegmentId, outcome: JournalOutcome): Promise<string> {
    return new Promise((resolve, reject) => {
      const sample = makeSampleName(segment, outcome.sampleIndex);
      const withdrawn = this.#waitingAnswers.get(sample) ?? [];
      this.#waitingAnswers.delete(sample);
      for (const answer of withdrawn) answer.isWithdrawn = true;
      this.#queue.add({ kind: 'outcome', segment, outcome, withdrawn, resolve, reject });
    });
  }

  async removeOutcomes(
    segment: SegmentId,
    sampleIndexes: readonly number[],
    standing: readonly JournalAnswer[],
  ): Promise<void> {
    if (sampleIndexes.length === 0) return;
    this.#queue.flush();
    this.#connection.transaction(() => {
      for (const sampleIndex of sampleIndexes) this.#rows.removeSample(segment, sampleIndex);
      for (const { answer, ...id } of standing) this.#rows.insertAnswer(segment, id, JSON.stringify(answer));
    });
  }

  /** Another write that shares the next commit and its sync; it sees what was appended before and beside it. */
  writeTogether(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.add({ kind: 'write', write, resolve, reject }));
  }

  /** Commits what waits. */
  flush(): void {
    this.#queue.flush();
  }

  #commit(entries: readonly Waiting[]): void {
    this.#waitingAnswers.clear();
    const settle: (() => void)[] = [];
    try {
      this.#connection.transaction(() => {
        const isSealed = this.#rememberSealed();
        for (const entry of entries) {
          if (entry.kind === 'outcome') settle.push(this.#writeOutcome(entry, isSealed));
          else if (entry.kind === 'answer' && !entry.isWithdrawn) settle.push(this.#writeAnswer(entry, isSealed));
        }
        // Last, so that a seal also removes the rows of a zombie that came in the same commit.
        for (const entry of entries) {
          if (entry.kind !== 'write') continue;
          entry.write();
          settle.push(entry.resolve);
        }
      });
    } catch (error) {
      const storeError = toStoreError(error);
      for (const entry of entries) entry.reject(storeError);
      return;
    }
    for (const settleOne of settle) settleOne();
  }

  #writeAnswer({ segment, answer, resolve }: WaitingAnswer, isSealed: (segment: SegmentId) => boolean): () => void {
    const { answer: given, ...id } = answer;
    if (isSealed(segment)) return () => resolve(given);
    if (this.#rows.insertAnswer(segment, id, JSON.stringify(given))) return () => resolve(given);
    const stands = this.#rows.findAnswer(segment, id) ?? given;
    return () => resolve(stands);
  }

  #writeOutcome(entry: WaitingOutcome, isSealed: (segment: SegmentId) => boolean): () => void {
    const { segment, outcome, withdrawn, resolve } = entry;
    const stands = isSealed(segment) ? outcome.text : this.#insertOutcome(segment, outcome);
    return () => {
      for (const answer of withdrawn) answer.resolve(answer.answer.answer);
      resolve(stands);
    };
  }

  #insertOutcome(segment: SegmentId, outcome: JournalOutcome): string {
    if (this.#rows.insertOutcome(segment, outcome)) return outcome.text;
    return this.#rows.findOutcome(segment, outcome.sampleIndex) ?? outcome.text;
  }

  /** Asks once a commit for each segment: a zombie's rows must not come back after the segment was sealed. */
  #rememberSealed(): (segment: SegmentId) => boolean {
    const known = new Map<string, boolean>();
    return (segment) => {
      const name = makeSampleName(segment, -1);
      let sealed = known.get(name);
      if (sealed === undefined) {
        sealed = this.#rows.isSealed(segment);
        known.set(name, sealed);
      }
      return sealed;
    };
  }
}

function makeSampleName({ taskResultId, stage, segmentIndex }: SegmentId, sampleIndex: number): string {
  return `${taskResultId} ${stage} ${segmentIndex} ${sampleIndex}`;
}
