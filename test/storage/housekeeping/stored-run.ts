import { utimes } from 'node:fs/promises';
import type { Digest } from '../../../contracts/digest.ts';
import type { BlobReference } from '../../../evaluation/plan.ts';
import type { GarbageOptions } from '../../../storage/housekeeping.ts';
import type { NewTaskResult, RunRecord } from '../../../storage/run-log.ts';
import type { Store } from '../../../storage/store.ts';
import { digestOf, makeRun, makeSummary, makeTask, segmentOf } from '../conformance/samples.ts';
import { pathOf } from '../open-temporary-store.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A store under test, and what tests of housekeeping do with it. */
export interface Bench {
  readonly store: Store;
  readonly directory: string;
}

/** The blobs of a run whose single task result is of that id. */
export interface StoredRun {
  readonly plan: Digest;
  readonly rowManifest: Digest;
  readonly rows: Digest;
  readonly recording: Digest;
  readonly solve: BlobReference;
  readonly score: BlobReference;
  readonly manifest: BlobReference;
  readonly metrics: BlobReference;
}

const put = (store: Store, text: string) => store.content.put(Buffer.from(text));

/** Registers a run `run-ID` with one task result; everything its plan names is there. */
export async function registerRun(
  { store }: Bench,
  id: string,
  options: { readonly data?: string; readonly run?: Partial<RunRecord>; readonly task?: Partial<NewTaskResult> } = {},
): Promise<Pick<StoredRun, 'plan' | 'rowManifest' | 'rows' | 'recording'>> {
  const { data = id } = options;
  const rows = await put(store, `rows of ${data}`);
  const rowManifest = await put(store, JSON.stringify({ data, segments: [{ ...rows, count: 1 }] }));
  const recording = await put(store, `recording of ${data}`);
  const plan = await put(
    store,
    JSON.stringify({ id, tasks: [{ dataset: { manifest: rowManifest.digest } }], models: { model: { recording } } }),
  );
  await store.runs.createRun(makeRun(`run-${id}`, { plan: plan.digest, ...options.run }), [
    makeTask(id, { key: 'task', ...options.task }),
  ]);
  return { plan: plan.digest, rowManifest: rowManifest.digest, rows: rows.digest, recording: recording.digest };
}

/** A run whose task result is computed and published, from `source`'s solver outputs where one is named. */
export async function storeRun(
  bench: Bench,
  id: string,
  options: Parameters<typeof registerRun>[2] & { readonly source?: string } = {},
): Promise<StoredRun> {
  const { store } = bench;
  const { source } = options;
  const planned = await registerRun(bench, id, options);
  const decision = { why: null, warnings: [] };
  await store.results.recordRunning(
    id,
    source === undefined ? { verdict: 'none', ...decision } : { verdict: 'partial', sourceId: source, ...decision },
  );
  const seal = async (stage: 'solve' | 'score') => {
    const blob = await put(store, `${stage} of ${id}`);
    const counts = { samples: 10, errors: 0, queries: { sent: 10, retried: 0 } };
    await store.results.registerSegment(segmentOf(id, stage), { blob, ...counts });
    return blob;
  };
  if (source === undefined) await seal('solve');
  const [solved] = await store.results.listSegments(id, 'solve');
  if (solved === undefined) throw new Error(`${id} has no solver outputs`);
  const score = await seal('score');
  const manifest = await put(store, `manifest of ${id}`);
  const metrics = await put(store, `metrics of ${id}`);
  await store.results.recordSummary(id, makeSummary(id, { manifest, metrics }));
  const [{ resultKey } = { resultKey: digestOf('') }] = await store.results.findTaskResults([id]);
  const current = (await store.results.findCurrentResults([resultKey])).get(resultKey);
  // Beside a current one it stays evidence.
  const judged = current === undefined ? null : { taskResultId: current.taskResultId, isUsable: true };
  await store.results.publish(id, judged);
  await store.runs.recordRunEnd(`run-${id}`, { failed: false });
  return { ...planned, solve: solved.blob, score, manifest, metrics };
}

/** A run whose task result is a full reuse of another. */
export async function repeatRun(bench: Bench, id: string, source: string): Promise<Pick<StoredRun, 'plan'>> {
  const planned = await registerRun(bench, id, { data: source });
  await bench.store.results.recordAlias(id, { sourceId: source, warnings: [] });
  await bench.store.runs.recordRunEnd(`run-${id}`, { failed: false });
  return planned;
}

export function listDigests(stored: StoredRun): readonly Digest[] {
  return Object.values(stored).map((each: Digest | BlobReference) => (typeof each === 'string' ? each : each.digest));
}

/** Which of these blobs are there. */
export async function findThere({ store }: Bench, digests: readonly Digest[]): Promise<readonly Digest[]> {
  const sizes = await Promise.all(digests.map((digest) => store.content.findSize(digest)));
  return digests.filter((_, index) => sizes[index] !== undefined);
}

/** Lets blobs look as if they had been written long ago. */
export async function age({ directory }: Bench, digests: readonly Digest[]): Promise<void> {
  for (const digest of digests) await utimes(pathOf(directory, digest), 1_000, 1_000);
}

/** A collection an hour and a bit from now: all that was written by the test is beyond its grace time. */
export function collect({ store }: Bench, options: Partial<GarbageOptions> = {}) {
  return store.housekeeping.collectGarbage({
    graceMs: hourMs,
    keepLatest: 0,
    dryRun: false,
    nowMs: Date.now() + hourMs + 60_000,
    isProcessAlive: () => true,
    ...options,
  });
}
