import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isFinal } from '../../../contracts/status.ts';
import type { BlobReference } from '../../../evaluation/plan.ts';
import { openStore } from '../../../storage/index.ts';
import type { SegmentWork, Stage } from '../../../storage/journal.ts';
import { writeSegmentLines } from '../../../storage/segment-lines.ts';
import { SqliteConnection } from '../../../storage/sqlite/connection.ts';
import type { Store } from '../../../storage/store.ts';
import {
  digestOf,
  makeJournalAnswer,
  makeJournalOutcome,
  makeRun,
  makeTask,
} from '../../storage/conformance/samples.ts';
import { type Acknowledgement, acknowledgeStoreWrites, openAcknowledgements } from './acknowledgement.ts';

// Run as a process of its own, recorded: does with a store what evaluations do with it, without models and Temporal, and
// goes on from whatever it finds. Checkpoints, closing and reopening come far more often than in life.

const segmentCount = 3;
const samplesPerSegment = 4;
const checkpointEvery = 12;
const checkpointModes = ['PASSIVE', 'RESTART', 'PASSIVE', 'TRUNCATE'] as const;

/** The second run replaces a result of the first. */
const runs = [
  { runId: 'first', policy: 'reuse', tasks: ['task-a', 'task-b'] },
  { runId: 'second', policy: 'update', tasks: ['task-a'] },
] as const;

const [directory = '', acknowledgementPath = ''] = process.argv.slice(2);
const write = openAcknowledgements(acknowledgementPath);
let checkpoints: SqliteConnection | undefined;
let acknowledged = 0;

function acknowledge(acknowledgement: Acknowledgement): void {
  write(acknowledgement);
  acknowledged++;
  if (acknowledged % checkpointEvery !== 0) return;
  const mode = checkpointModes[(acknowledged / checkpointEvery) % checkpointModes.length];
  checkpoints?.prepare(`PRAGMA wal_checkpoint(${mode})`).all([]);
}

acknowledgeStoreWrites(acknowledge);
for (const run of runs) {
  const store = await openStore(directory, { segmentSize: samplesPerSegment });
  checkpoints = new SqliteConnection(join(directory, 'store.db'));
  acknowledge({ kind: 'opened' });
  await work(store, run);
  if (run.runId === 'second') await erase(store, 'first');
  checkpoints.close();
  await store.close();
}

async function work(store: Store, { runId, policy, tasks }: (typeof runs)[number]): Promise<void> {
  await putTogether(store, runId);
  const plan = await put(store, JSON.stringify({ tasks: [], models: {}, name: lengthen(runId) }));
  const known = (await store.runs.listRuns({ limit: 10 })).find((run) => run.runId === runId);
  if (known === undefined) {
    await store.runs.createRun(
      makeRun(runId, { policy, plan: plan.digest }),
      tasks.map((key) =>
        makeTask(`${runId}/${key}`, {
          key,
          segmentCount,
          samplesTotal: segmentCount * samplesPerSegment,
          solverKey: digestOf(`solver of ${key}`),
          resultKey: digestOf(`result of ${key}`),
        }),
      ),
    );
  }
  await store.runs.recordRunStarted(runId);
  const unfinished = (await store.results.listTaskResults(runId)).filter(({ status }) => !isFinal(status));
  await Promise.all(unfinished.map(({ taskResultId }) => complete(store, taskResultId)));
  await store.runs.recordRunEnd(runId, { failed: false });
}

/** Erases the results of a run, and whatever nothing refers to. */
async function erase(store: Store, runId: string): Promise<void> {
  const taskResultIds = (await store.results.listTaskResults(runId)).map(({ taskResultId }) => taskResultId);
  acknowledge({ kind: 'erasing', runId, taskResultIds });
  await store.housekeeping.removeResults(taskResultIds, { purge: true, dryRun: false });
  const isProcessAlive = () => false;
  const options = { graceMs: 0, keepLatest: 1, dryRun: false, nowMs: Date.now() + 1_000, isProcessAlive };
  await store.housekeeping.collectGarbage(options);
}

/** Blobs that share a folder nothing else has made, put at once: one of them makes it, all of them rely on it. */
async function putTogether(store: Store, name: string): Promise<void> {
  const byFolder = new Map<string, string[]>();
  for (let number = 0; number < 60; number++) {
    const text = lengthen(`blob ${number} of ${name}`);
    const folder = digestOf(text).slice(0, 'sha256:ab'.length);
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), text]);
  }
  const shared = [...byFolder.values()].filter((texts) => texts.length > 1);
  await Promise.all(shared.flat().map((text) => put(store, text)));
}

async function complete(store: Store, taskResultId: string): Promise<void> {
  await store.results.recordRunning(taskResultId, { verdict: 'none', why: null, warnings: [] });
  for (const stage of ['solve', 'score'] as const) {
    await Promise.all(Array.from({ length: segmentCount }, (_, index) => seal(store, taskResultId, stage, index)));
  }
  const manifest = await put(store, lengthen(`manifest of ${taskResultId}`));
  const metrics = await put(store, lengthen(`metrics of ${taskResultId}`));
  await store.results.recordSummary(taskResultId, {
    samples: { total: segmentCount * samplesPerSegment, solverErrors: 0, errors: 0, excludedFromMetrics: 0 },
    queries: { sent: 3 * segmentCount * samplesPerSegment, retried: 0, saved: 0 },
    manifest,
    metrics,
    resultDigest: digestOf(`outcome of ${taskResultId}`),
  });
  await store.results.publish(taskResultId, null);
}

async function seal(store: Store, taskResultId: string, stage: Stage, segmentIndex: number): Promise<void> {
  const segment = { taskResultId, stage, segmentIndex, attempt: 1 };
  if ((await store.results.findSegment(segment)) !== undefined) return;
  const known = new Map(
    (await store.journal.load(segment)).outcomes.map(({ sampleIndex, text }) => [sampleIndex, text]),
  );
  const indexes = Array.from({ length: samplesPerSegment }, (_, index) => segmentIndex * samplesPerSegment + index);
  const lines = await Promise.all(indexes.map(async (index) => known.get(index) ?? askAbout(store, segment, index)));
  await store.results.registerSegment(segment, {
    blob: await writeSegmentLines(store.content, lines),
    samples: lines.length,
    errors: 0,
    queries: { sent: lines.length, retried: 0 },
  });
}

/** Two queries, one after the other, when solving; one when scoring. */
async function askAbout(store: Store, segment: SegmentWork, sampleIndex: number): Promise<string> {
  const name = `${segment.taskResultId} ${segment.stage} ${sampleIndex}`;
  for (let turn = 0; turn < (segment.stage === 'solve' ? 2 : 1); turn++) {
    await store.journal.appendAnswer(
      segment,
      makeJournalAnswer(lengthen(`${name} ${turn}`), { sampleIndex, occurrence: turn }),
    );
  }
  return store.journal.appendOutcome(segment, makeJournalOutcome(sampleIndex, { text: lengthen(name) }));
}

/** Text that fills more than one sector, also when it is compressed. */
function lengthen(text: string): string {
  const parts = Array.from({ length: 10 }, (_, index) =>
    createHash('sha256').update(`${text} ${index}`).digest('base64'),
  );
  return [text, ...parts].join(' ');
}

async function put(store: Store, text: string): Promise<BlobReference> {
  const reference = await store.content.put(Buffer.from(text));
  acknowledge({ kind: 'blob', digest: reference.digest });
  return reference;
}
