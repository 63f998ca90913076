import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../contracts/digest.ts';
import type { AnswerId, SegmentId } from '../../../storage/journal.ts';
import { openStore } from '../../../storage/open-store.ts';
import type { TaskResultRecord } from '../../../storage/result-index.ts';
import { readSegmentLines } from '../../../storage/segment-lines.ts';
import { SqliteConnection } from '../../../storage/sqlite/connection.ts';
import type { Store } from '../../../storage/store.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { KnownContent } from './known-content.ts';

/**
 * What a store has lost of what it acknowledged, or holds and cannot stand for: an empty list, or its promises were not
 * kept. Opens the store as the next command after a restart does.
 */
export async function listViolations(
  directory: string,
  acknowledged: readonly Acknowledgement[],
  known: KnownContent = new KnownContent(),
): Promise<readonly string[]> {
  const check = new StoreCheck();
  await check.holds('The store opens', async () => {
    const store = await openStore(directory);
    try {
      await check.run({ ...store, content: known.of(directory, store.content) }, acknowledged);
    } finally {
      await store.close();
    }
    checkDatabase(directory, check);
    expectEqual(await readFile(join(directory, '.gitignore'), 'utf8'), '*\n');
  });
  return check.violations;
}

function checkDatabase(directory: string, check: StoreCheck): void {
  const connection = new SqliteConnection(join(directory, 'store.db'));
  const found = [
    ...connection.prepare<Record<string, unknown>>('PRAGMA integrity_check').all([]),
    ...connection.prepare<Record<string, unknown>>('PRAGMA foreign_key_check').all([]),
  ].filter((row) => row['integrity_check'] !== 'ok');
  connection.close();
  if (found.length > 0) check.violations.push(`The database is damaged: ${JSON.stringify(found[0])}`);
}

/** What the journal and the index hold of one segment, sealed or not. */
interface SegmentContent {
  readonly answers: ReadonlyMap<string, string>;
  /** Text by sample index. */
  readonly outcomes: ReadonlyMap<number, string>;
  readonly sealed: Digest | undefined;
}

class StoreCheck {
  readonly violations: string[] = [];
  readonly #segments = new Map<string, Promise<SegmentContent>>();

  async holds(what: string, check: () => Promise<unknown>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.violations.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async run(store: Store, acknowledged: readonly Acknowledgement[]): Promise<void> {
    for (const acknowledgement of listStanding(acknowledged)) {
      await this.holds(describe(acknowledgement), () => this.#checkOne(store, acknowledgement));
    }
    for (const run of await store.runs.listRuns({ limit: 100 })) {
      await this.holds(`The plan of run ${run.runId} is readable`, () => store.content.get(run.plan));
      for (const record of await store.results.listTaskResults(run.runId)) {
        await this.holds(`What ${record.taskResultId} refers to is readable`, () => checkReferences(store, record));
      }
    }
  }

  async #checkOne(store: Store, acknowledgement: Acknowledgement): Promise<void> {
    switch (acknowledgement.kind) {
      case 'opened':
        await store.runs.getStoreId();
        return;
      case 'blob':
        await store.content.get(acknowledgement.digest);
        return;
      case 'run':
        await store.runs.getRun(acknowledgement.runId);
        return;
      case 'answer': {
        const { answers, outcomes } = await this.#read(store, acknowledgement.segment);
        if (outcomes.has(acknowledgement.id.sampleIndex)) return; // which holds it
        const output = answers.get(nameAnswer(acknowledgement.id));
        expectEqual(output, acknowledgement.output);
        return;
      }
      case 'outcome': {
        const { outcomes } = await this.#read(store, acknowledgement.segment);
        expectEqual(outcomes.get(acknowledgement.sampleIndex), acknowledgement.text);
        return;
      }
      case 'segment':
        expectEqual((await this.#read(store, acknowledgement.segment)).sealed, acknowledgement.digest);
        return;
      case 'published': {
        const [record] = await store.results.findTaskResults([acknowledgement.taskResultId]);
        expectEqual(record?.status, 'completed');
        const resultKey = record?.resultKey;
        if (resultKey === undefined || record?.policy === 'no-cache') return;
        const current = (await store.results.findCurrentResults([resultKey])).get(resultKey);
        expectEqual(current?.status, 'completed');
        return;
      }
      case 'erasing':
        return;
      case 'run-ended':
        expectEqual((await store.runs.getRun(acknowledgement.runId)).status, acknowledgement.status);
        return;
    }
  }

  #read(store: Store, segment: SegmentId): Promise<SegmentContent> {
    const name = `${segment.taskResultId} ${segment.stage} ${segment.segmentIndex}`;
    let content = this.#segments.get(name);
    if (content === undefined) {
      content = readSegment(store, segment);
      this.#segments.set(name, content);
    }
    return content;
  }
}

async function readSegment(store: Store, segment: SegmentId): Promise<SegmentContent> {
  const journal = await store.journal.load(segment);
  const outcomes = new Map(journal.outcomes.map(({ sampleIndex, text }) => [sampleIndex, text]));
  const sealed = (await store.results.findSegment(segment))?.blob.digest;
  const lines = sealed === undefined ? [] : await readSegmentLines<{ sample_index: number }>(store.content, sealed);
  for (const line of lines) outcomes.set(line.sample_index, JSON.stringify(line));
  if (sealed !== undefined && journal.answers.length + journal.outcomes.length > 0) {
    throw new Error('it is sealed and its journal has rows still');
  }
  const answers = new Map(journal.answers.map(({ answer, ...id }) => [nameAnswer(id), JSON.stringify(answer.output)]));
  return { answers, outcomes, sealed };
}

/** Everything that a look-up would take, or that the next attempt would build on. */
async function checkReferences(store: Store, record: TaskResultRecord): Promise<void> {
  for (const reference of [record.manifest, record.metrics]) {
    if (reference !== null) await store.content.get(reference.digest);
    else if (record.status === 'completed') throw new Error('it is completed and lacks a blob');
  }
  for (const stage of ['solve', 'score'] as const) {
    const segments = await store.results.listSegments(record.taskResultId, stage);
    for (const { blob } of segments) await readSegmentLines(store.content, blob.digest);
    if (record.status === 'completed' && record.reuse !== 'full') expectEqual(segments.length, record.segmentCount);
  }
}

/** Without what has been given up since. */
function listStanding(acknowledged: readonly Acknowledgement[]): readonly Acknowledgement[] {
  const end = acknowledged.findLastIndex(({ kind }) => kind === 'erasing');
  const erasing = acknowledged[end];
  if (erasing?.kind !== 'erasing') return acknowledged;
  const erased = new Set([erasing.runId, ...erasing.taskResultIds]);
  const earlier = acknowledged.slice(0, end).filter((each) => {
    if (each.kind === 'blob') return false;
    if ('segment' in each) return !erased.has(each.segment.taskResultId);
    if ('taskResultId' in each) return !erased.has(each.taskResultId);
    return !('runId' in each) || !erased.has(each.runId);
  });
  return [...listStanding(earlier), ...acknowledged.slice(end + 1)];
}

function describe(acknowledgement: Acknowledgement): string {
  return `Acknowledged and still there, ${JSON.stringify(acknowledgement).slice(0, 200)}`;
}

function nameAnswer({ sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence }: AnswerId): string {
  return JSON.stringify([sampleIndex, trial, scorerKey, modelKey, requestDigest, occurrence]);
}

function expectEqual(found: unknown, expected: unknown): void {
  if (found !== expected)
    throw new Error(`found ${String(found).slice(0, 100)}, not ${String(expected).slice(0, 100)}`);
}
