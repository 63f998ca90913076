import type { Answer } from '../../evaluation/model-io.ts';
import type { StoredUsage } from '../../evaluation/usage/stored-usage.ts';
import { findEncryptionRecord, provideColumns, provideFollowedColumns } from '../encryption/encrypted-database.ts';
import type { StoreEncryption } from '../encryption/store-encryption.ts';
import {
  AttemptSuperseded,
  type Journal,
  type JournalAnswer,
  type JournalOutcome,
  type SegmentId,
  type SegmentWork,
} from '../journal.ts';
import { JournalAppends, type WaitingAnswer, type WaitingAppend, type WaitingOutcome } from '../sql/journal-appends.ts';
import { findJournalState, type JournalState, loadJournal, removeOutcomes, takesAnswer } from '../sql/journal-rows.ts';
import type { JournalWriter } from '../sql/sql-result-index.ts';
import type { Work } from '../sql/work.ts';
import type { SqliteConnection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { JournalRows } from './journal-rows.ts';
import { toStoreError } from './store-error.ts';

interface WaitingWrite {
  readonly kind: 'write';
  readonly write: () => Work<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Waiting = WaitingAppend | WaitingWrite;

type FindState = (segment: SegmentWork) => JournalState;

/** The journal in SQLite, with group commit. */
export class SqliteJournal implements Journal, JournalWriter {
  readonly #connection: SqliteConnection;
  readonly #encryption: StoreEncryption;
  readonly #rows: JournalRows;
  readonly #queue: GroupCommit<Waiting>;
  readonly #appends: JournalAppends;

  constructor(connection: SqliteConnection, encryption: StoreEncryption) {
    this.#connection = connection;
    this.#encryption = encryption;
    this.#rows = new JournalRows(connection, encryption.columns);
    this.#queue = new GroupCommit((entries) => this.#commit(entries));
    this.#appends = new JournalAppends(this.#queue);
  }

  async load(segment: SegmentId) {
    return this.#connection.snapshot(() => this.#perform(() => loadJournal(segment)));
  }

  appendAnswer(segment: SegmentWork, answer: JournalAnswer): Promise<Answer> {
    return this.#appends.appendAnswer(segment, answer);
  }

  appendOutcome(segment: SegmentWork, outcome: JournalOutcome): Promise<string> {
    return this.#appends.appendOutcome(segment, outcome);
  }

  async removeOutcomes(
    segment: SegmentWork,
    sampleIndexes: readonly number[],
    standing: readonly JournalAnswer[],
    lost?: StoredUsage,
  ): Promise<void> {
    if (sampleIndexes.length === 0) return;
    this.#queue.flush();
    const isDone = this.#connection.transaction(() =>
      this.#perform(() => removeOutcomes(segment, sampleIndexes, standing, lost)),
    );
    if (!isDone) throw new AttemptSuperseded();
  }

  /** Another write that shares the next commit and its sync; it sees what was appended before and beside it. */
  writeTogether(write: () => Work<void>): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.add({ kind: 'write', write, resolve, reject }));
  }

  /** Commits what waits. */
  flush(): void {
    this.#queue.flush();
  }

  #commit(entries: readonly Waiting[]): void {
    this.#appends.beginCommit();
    const settle: (() => void)[] = [];
    try {
      this.#connection.transaction(() => {
        this.#encryption.follow(this.#connection.perform(findEncryptionRecord()));
        const findState = this.#rememberStates();
        for (const entry of entries) {
          if (entry.kind === 'outcome') settle.push(this.#writeOutcome(entry, findState));
          else if (entry.kind === 'answer' && !entry.isWithdrawn) settle.push(this.#writeAnswer(entry, findState));
        }
        // Last, so that a seal also removes the rows of a zombie that came in the same commit.
        for (const entry of entries) {
          if (entry.kind !== 'write') continue;
          this.#connection.perform(provideFollowedColumns(entry.write, this.#encryption));
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

  #perform<T>(work: () => Work<T>): T {
    return this.#connection.perform(provideColumns(work, this.#encryption));
  }

  #writeAnswer({ segment, answer, resolve }: WaitingAnswer, findState: FindState): () => void {
    const { answer: given, ...id } = answer;
    if (!takesAnswer(segment, findState(segment))) return () => resolve(given);
    if (this.#rows.insertAnswer(segment, id, JSON.stringify(given))) return () => resolve(given);
    const stands = this.#rows.findAnswer(segment, id) ?? given;
    return () => resolve(stands);
  }

  #writeOutcome(entry: WaitingOutcome, findState: FindState): () => void {
    const { segment, outcome, withdrawn, resolve, reject } = entry;
    const { isClosed, isSuperseded } = findState(segment);
    const stands = isSuperseded ? undefined : isClosed ? outcome.text : this.#insertOutcome(segment, outcome);
    // The answers within an outcome that does not stand were paid for like any other.
    const answers =
      stands === outcome.text
        ? withdrawn.map(
            ({ resolve: resolveOne, answer: { answer } }) =>
              () =>
                resolveOne(answer),
          )
        : withdrawn.map((answer) => this.#writeAnswer(answer, findState));
    return () => {
      for (const settleAnswer of answers) settleAnswer();
      if (stands === undefined) reject(new AttemptSuperseded());
      else resolve(stands);
    };
  }

  #insertOutcome(segment: SegmentId, outcome: JournalOutcome): string {
    if (this.#rows.insertOutcome(segment, outcome)) return outcome.text;
    return this.#rows.findOutcome(segment, outcome.sampleIndex) ?? outcome.text;
  }

  /** Asks once a commit for each segment: a zombie's rows must not come back after it was sealed or its run resumed. */
  #rememberStates(): FindState {
    const known = new Map<string, JournalState>();
    return (segment) => {
      const name = nameWork(segment);
      let state = known.get(name);
      if (state === undefined) {
        state = this.#connection.perform(findJournalState(segment));
        known.set(name, state);
      }
      return state;
    };
  }
}

function nameWork({ taskResultId, stage, segmentIndex, attempt }: SegmentWork): string {
  return `${taskResultId} ${stage} ${segmentIndex} ${attempt}`;
}
