import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { storePlan } from '../../client/run-context.ts';
import type { BlobReference } from '../../evaluation/plan.ts';
import { encodeUsage } from '../../evaluation/usage/stored-usage.ts';
import { makeUsageEntry, noAmount } from '../../evaluation/usage/usage.ts';
import type { BuiltPlan } from '../../planning/build-plan.ts';
import { makeTaskResults } from '../../planning/make-task-results.ts';
import { openRawStore } from '../../storage/open-raw-store.ts';
import { execute, type Work } from '../../storage/sql/work.ts';
import type { Store } from '../../storage/store.ts';

const putsAtOnce = 64;

/**
 * A run as it is stored once all its task results are completed, but with blobs that hold nothing of use: those of a plan
 * that stands are only looked at.
 *
 * @param options.hasOwnBlobs - Whether each result has blobs of its own, as those have that a look-up reads.
 */
export async function storeRun(options: {
  readonly store: Store;
  readonly location: string;
  readonly built: BuiltPlan;
  readonly generation: number;
  readonly hasOwnBlobs: boolean;
}): Promise<void> {
  const { store, location, built, generation, hasOwnBlobs } = options;
  const { plan, planDigest } = built;
  const startedAt = new Date(Date.now() - 3_600_000 * (100 - generation)).toISOString();
  const tasks = makeTaskResults(plan);
  await store.runs.createRun(
    {
      runId: `bench${String(generation).padStart(11, '0')}`,
      evaluationKey: plan.evaluation.key,
      label: null,
      planDigest,
      plan: await storePlan(store, plan),
      policy: 'reuse',
      ownerId: null,
      file: null,
      origin: { user: 'bench', host: 'bench', arguments: [] },
      startedAt,
    },
    tasks,
  );
  const shared = await putBlobs(store, `generation ${generation}`);
  const blobs = new Map<string, readonly BlobReference[]>();
  for (let start = 0; hasOwnBlobs && start < tasks.length; start += putsAtOnce) {
    const group = tasks.slice(start, start + putsAtOnce);
    const put = await Promise.all(group.map(({ taskResultId }) => putBlobs(store, taskResultId)));
    for (const [index, references] of put.entries()) blobs.set(group[index]?.taskResultId ?? '', references);
  }
  const raw = await openRawStore(location);
  try {
    await raw.database.transaction(function* () {
      for (const [index, { taskResultId, samplesTotal }] of tasks.entries()) {
        const model = plan.tasks[index]?.model_key ?? '';
        const [solve, score, manifest, metrics] = blobs.get(taskResultId) ?? shared;
        yield* complete(taskResultId, { startedAt, manifest, metrics, usage: makeUsage(model, samplesTotal) });
        yield* addSegment(taskResultId, 'solve', samplesTotal, solve);
        yield* addSegment(taskResultId, 'score', samplesTotal, score);
      }
      yield* execute(
        sql`UPDATE runs SET status = 'completed', ended_at = ${startedAt} WHERE started_at = ${startedAt}`,
      );
    });
  } finally {
    await raw.close();
  }
}

/** Solve segment, score segment, manifest, metrics: of some kilobytes, as compressed ones are. */
function putBlobs(store: Store, name: string): Promise<readonly BlobReference[]> {
  return Promise.all(
    ['solve', 'score', 'manifest', 'metrics'].map((kind, index) =>
      store.content.put(Buffer.from(`${kind} of ${name} ${randomBytes(index < 2 ? 8_192 : 256).toString('hex')}`)),
    ),
  );
}

function makeUsage(model: string, queries: number): string {
  const sent = { ...noAmount, queries, promptTokens: 240 * queries, completionTokens: 30 * queries };
  return encodeUsage([makeUsageEntry({ model, purpose: 'solver', version: null }, { sent })]);
}

function* complete(
  taskResultId: string,
  result: {
    readonly startedAt: string;
    readonly manifest: BlobReference | undefined;
    readonly metrics: BlobReference | undefined;
    readonly usage: string;
  },
): Work<void> {
  const { startedAt, manifest, metrics, usage } = result;
  yield* execute(
    sql`UPDATE task_results SET status = 'completed', reuse = 'none', is_current = 1, started_at = ${startedAt},
          solved_at = ${startedAt}, ended_at = ${startedAt}, usage = ${usage},
          manifest_digest = ${manifest?.digest}, manifest_size = ${manifest?.sizeBytes},
          metrics_digest = ${metrics?.digest}, metrics_size = ${metrics?.sizeBytes}
        WHERE task_result_id = ${taskResultId}`,
  );
}

function* addSegment(
  taskResultId: string,
  stage: 'solve' | 'score',
  samples: number,
  blob: BlobReference | undefined,
): Work<void> {
  yield* execute(
    sql`INSERT INTO segments (task_result_id, stage, segment_index, blob_digest, blob_size, samples, errors,
          queries_sent, queries_retried, is_reopened)
        VALUES (${taskResultId}, ${stage}, 0, ${blob?.digest}, ${blob?.sizeBytes}, ${samples}, 0, ${samples}, 0, 0)`,
  );
}
