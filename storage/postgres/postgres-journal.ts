import type { Answer } from '../../evaluation/model-io.ts';
import { provideColumns } from '../encryption/encrypted-database.ts';
import type { StoreEncryption } from '../encryption/store-encryption.ts';
import {
  AttemptSuperseded,
  type Journal,
  type JournalAnswer,
  type JournalOutcome,
  type SegmentId,
  type SegmentWork,
} from '../journal.ts';
import type { Database } from '../sql/database.ts';
import { loadJournal, removeOutcomes } from '../sql/journal-rows.ts';
import type { JournalWriter } from '../sql/sql-result-index.ts';
import type { Work } from '../sql/work.ts';
import { GatheredCommit } from './gathered-commit.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { type WaitingAnswer, type WaitingEntry, writeEntries } from './write-entries.ts';

/**
 * The journal in PostgreSQL. What is appended while a commit is on its way shares the next one. Processes append beside each
 * other, and sealing, ending and opening again wait for them.
 */
export class PostgresJournal implements Journal, JournalWriter {
  readonly #database: Database;
  readonly #commits: GatheredCommit<WaitingEntry>;
  /** Answers that wait for the next commit, by sample. */
  readonly #waitingAnswers = new Map<string, WaitingAnswer[]>();

  /** @param database - The same, with its encryption. */
  constructor(plain: PostgresDatabase, database: Database, encryption: StoreEncryption) {
    this.#database = database;
    this.#commits = new GatheredCommit(async (entries) => {
      this.#waitingAnswers.clear();
      try {
        const settle = await plain.append(() => provideColumns(() => writeEntries(entries), encryption));
        for (const settleOne of settle) settleOne();
      } catch (error) {
        for (const entry of entries) entry.reject(error);
      }
    });
  }

  async load(segment: SegmentId) {
    return this.#database.snapshot(() => loadJournal(segment));
  }

  appendAnswer(segment: SegmentWork, answer: JournalAnswer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry: WaitingAnswer = { kind: 'answer', segment, answer, resolve, reject, isWithdrawn: false };
      const sample = nameSample(segment, answer.sampleIndex);
      const waiting = this.#waitingAnswers.get(sample);
      if (waiting === undefined) this.#waitingAnswers.set(sample, [entry]);
      else waiting.push(entry);
      this.#commits.add(entry);
    });
  }

  appendOutcome(segment: SegmentWork, outcome: JournalOutcome): Promise<string> {
    return new Promise((resolve, reject) => {
      const sample = nameSample(segment, outcome.sampleIndex);
      const withdrawn = this.#waitingAnswers.get(sample) ?? [];
      this.#waitingAnswers.delete(sample);
      for (const answer of withdrawn) answer.isWithdrawn = true;
      this.#commits.add({ kind: 'outcome', segment, outcome, withdrawn, resolve, reject });
    });
  }

  async removeOutcomes(
    segment: SegmentWork,
    sampleIndexes: readonly number[],
    standing: readonly JournalAnswer[],
  ): Promise<void> {
    if (sampleIndexes.length === 0) return;
    await this.drain();
    const isDone = await this.#database.transaction(() => removeOutcomes(segment, sampleIndexes, standing));
    if (!isDone) throw new AttemptSuperseded();
  }

  async writeTogether(work: () => Work<void>): Promise<void> {
    await this.drain();
    await this.#database.transaction(work);
  }

  /** Resolves when what was appended is committed. */
  drain(): Promise<void> {
    return this.#commits.drain();
  }
}

function nameSample({ taskResultId, stage, segmentIndex }: SegmentId, sampleIndex: number): string {
  return `${taskResultId} ${stage} ${segmentIndex} ${sampleIndex}`;
}
