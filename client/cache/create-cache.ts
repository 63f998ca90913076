import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { FileCount, RemovedRows, StoredResult } from '../../storage/housekeeping.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import type { Host } from '../host.ts';
import { findSources } from '../make-run-document.ts';
import type { Cache } from './cache.ts';
import type {
  CacheGcDocument,
  FilesDocument,
  RemovedRowsDocument,
  ResultNameDocument,
  StoredResultDocument,
} from './cache-documents.ts';
import { describeDamage } from './describe-damage.ts';
import { describeReusability } from './describe-reusability.ts';
import { findNamedResults } from './find-named-results.ts';

/** Within it a reference is registered for whatever was written (design 4.3). */
const GRACE_MS = 3_600_000;

/** The commands of the cache over a host; they need neither Temporal nor workers. */
export function createCache(host: Pick<Host, 'openStore' | 'isProcessAlive'>): Cache {
  const findStore = (): Promise<Store | undefined> => host.openStore({ create: false });
  return {
    async verify(options) {
      const store = await findStore();
      const report = await store?.housekeeping.verify(options);
      const problems = report?.databaseProblems ?? [];
      const damaged = (report?.damaged ?? []).map(describeDamage);
      return {
        sound: problems.length === 0 && damaged.length === 0,
        database: { sound: problems.length === 0, checked: report?.databaseCheck ?? 'pages', problems },
        verified: toFiles(report?.verified),
        damaged,
      };
    },

    async gc({ olderThanMs, keepLatest = 1, dryRun = false, graceMs = GRACE_MS } = {}) {
      const store = await findStore();
      const report = await store?.housekeeping.collectGarbage({
        graceMs,
        ...(olderThanMs === undefined ? {} : { olderThanMs }),
        keepLatest,
        dryRun,
        nowMs: Date.now(),
        isProcessAlive: (process) => host.isProcessAlive(process),
      });
      const { blobs, temporary, damaged } = report?.files ?? {};
      const document: Omit<CacheGcDocument, 'freed_bytes'> = {
        dry_run: dryRun,
        rows: toRows(report?.rows),
        blobs: toFiles(blobs),
        temporary_files: toFiles(temporary),
        damaged_files: toFiles(damaged),
        kept: toFiles(report?.young),
      };
      const freed = [document.blobs, document.temporary_files, document.damaged_files];
      return { ...document, freed_bytes: freed.reduce((sum, files) => sum + files.size_bytes, 0) };
    },

    async list(options = {}) {
      const store = await findStore();
      const stored = await store?.housekeeping.listStoredResults(options);
      const results = (stored?.results ?? []).map(toStoredResult);
      return {
        results,
        totals: {
          results: results.length,
          reusable: results.filter(({ reusable }) => reusable === 'full').length,
          size_bytes: stored?.sizeBytes ?? 0,
          store: { blobs: toFiles(stored?.blobs), database_size_bytes: stored?.databaseSizeBytes ?? 0 },
        },
      };
    },

    async remove(references, { purge = false, dryRun = false } = {}) {
      const store = await findStore();
      if (store === undefined)
        throw new EvaluationError('run-not-found', 'There is no store here, so there are no runs.');
      const named: TaskResultRecord[] = [];
      for (const reference of references) named.push(...(await findNamedResults(store, reference)));
      const ids = [...new Set(named.map(({ taskResultId }) => taskResultId))];
      const { removed, standing, purged } = await store.housekeeping.removeResults(ids, { purge, dryRun });
      const sources = await findSources(store, removed);
      return {
        dry_run: dryRun,
        removed: removed.map((result) => {
          const source = result.reuse === 'full' ? sources.get(result.reusedFrom ?? '') : undefined;
          const isFound = source !== undefined && !source.isRemoved && !ids.includes(source.taskResultId);
          return { ...toName(result), was_removed: result.isRemoved, reused_from: isFound ? toName(source) : null };
        }),
        stayed: standing.map((each) => ({
          removed: toName(each.removed),
          by: toName(each.by),
          what: each.by.reuse === 'full' ? ('everything' as const) : ('solver-outputs' as const),
        })),
        purged:
          purged === null
            ? null
            : {
                rows: toRows(purged.rows),
                blobs: toFiles(purged.blobs),
                used: toFiles(purged.used),
                busy: toFiles(purged.busy),
              },
      };
    },
  };
}

function toStoredResult(stored: StoredResult): StoredResultDocument {
  const { run, taskResult, sizeBytes, standing } = stored;
  const { reusable, because } = describeReusability(stored);
  return {
    ...toName(taskResult),
    task_key: taskResult.taskKey,
    evaluation: run.evaluationKey,
    label: run.label,
    status: taskResult.status,
    reusable,
    because,
    solved_at: taskResult.solvedAt,
    solved_by: describeAuthor(run),
    samples: { total: taskResult.samples.total, errors: taskResult.samples.errors },
    size_bytes: sizeBytes,
    standing,
  };
}

function describeAuthor({ origin }: RunRecord): string | null {
  const known = [origin['user'], origin['host']].filter((name) => typeof name === 'string');
  return known.length === 0 ? null : known.join('@');
}

function toName({ runId, key, taskResultId }: TaskResultRecord): ResultNameDocument {
  return { run: runId, task: key, task_result: taskResultId };
}

function toFiles({ count, sizeBytes }: FileCount = { count: 0, sizeBytes: 0 }): FilesDocument {
  return { count, size_bytes: sizeBytes };
}

function toRows(rows: RemovedRows | undefined): RemovedRowsDocument {
  return {
    runs: rows?.runs ?? 0,
    task_results: rows?.taskResults ?? 0,
    journal_rows: rows?.journalRows ?? 0,
    fingerprints: rows?.fingerprints ?? 0,
    selections: rows?.selections ?? 0,
    processes: rows?.processes ?? 0,
  };
}
