import type { Answer } from '../../evaluation/model-io.ts';
import type { StoredUsage } from '../../evaluation/usage/stored-usage.ts';
import { provideColumns } from '../encryption/encrypted-database.ts';
import type { StoreEncryption } from '../encryption/store-encryption.ts';
import { GatheredCommit } from '../gathered-commit.ts';
import {
  AttemptSuperseded,
  type Journal,
  type JournalAnswer,
  type JournalOutcome,
  type SegmentId,
  type SegmentWork,
} from '../journal.ts';
import type { Database } from '../sql/database.ts';
import { JournalAppends, type WaitingAppend } from '../sql/journal-appends.ts';
import { loadJournal, removeOutcomes } from '../sql/journal-rows.ts';
import type { JournalWriter } from '../sql/sql-result-index.ts';
import type { Work } from '../sql/work.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { writeEntries } from './write-entries.ts';

/**
 * The journal in PostgreSQL. What is appended while a commit is on its way shares the next one. Processes append beside each
 * other, and sealing, ending and opening again wait for them.
 */
export class PostgresJournal implements Journal, JournalWriter {
  readonly #database: Database;
  readonly #commits: GatheredCommit<WaitingAppend>;
  readonly #appends: JournalAppends;

  /** @param database - The same, with its encryption. */
  constructor(plain: PostgresDatabase, database: Database, encryption: StoreEncryption) {
    this.#database = database;
    this.#commits = new GatheredCommit(async (entries) => {
      this.#appends.beginCommit();
      try {
        const settle = await plain.append(() => provideColumns(() => writeEntries(entries), encryption));
        for (const settleOne of settle) settleOne();
      } catch (error) {
        for (const entry of entries) entry.reject(error);
      }
    });
    this.#appends = new JournalAppends(this.#commits);
  }

  async load(segment: SegmentId) {
    return this.#database.snapshot(() => loadJournal(segment));
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
    await this.drain();
    const isDone = await this.#database.transaction(() => removeOutcomes(segment, sampleIndexes, standing, lost));
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
