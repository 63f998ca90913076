import type { Cache, GcOptions, RemoveOptions } from '../../client/cache/cache.ts';
import type {
  CacheGcDocument,
  CacheListDocument,
  CacheRmDocument,
  CacheVerifyDocument,
  StoredResultDocument,
} from '../../client/cache/cache-documents.ts';

export const noRows = { runs: 0, task_results: 0, journal_rows: 0, fingerprints: 0, selections: 0, processes: 0 };
export const noFiles = { count: 0, size_bytes: 0 };

export function makeStoredResult(change: Partial<StoredResultDocument> = {}): StoredResultDocument {
  return {
    run: 'aaaabbbb00000000',
    task: 'answers',
    task_result: 'tr0000000001',
    task_key: 'shop-questions',
    evaluation: 'quickstart',
    label: null,
    status: 'completed',
    reusable: 'full',
    because: null,
    solved_at: '2026-03-01T11:00:00.000Z',
    solved_by: 'ada@workshop',
    samples: { total: 200, errors: 0 },
    size_bytes: 54_000,
    standing: 2,
    ...change,
  };
}

/** What the fake gives back and what it was asked. */
export class FakeCache implements Cache {
  listDocument: CacheListDocument = {
    results: [],
    totals: { results: 0, reusable: 0, size_bytes: 0, store: { blobs: noFiles, database_size_bytes: 0 } },
  };
  verifyDocument: CacheVerifyDocument = {
    sound: true,
    database: { sound: true, checked: 'pages', problems: [] },
    verified: { count: 8, size_bytes: 60_000 },
    damaged: [],
  };
  gcDocument: CacheGcDocument = {
    dry_run: false,
    rows: noRows,
    blobs: noFiles,
    temporary_files: noFiles,
    damaged_files: noFiles,
    freed_bytes: 0,
    kept: noFiles,
  };
  rmDocument: CacheRmDocument = { dry_run: false, removed: [], stayed: [], purged: null };
  readonly asked: unknown[];

  constructor(asked: unknown[]) {
    this.asked = asked;
  }

  async verify(options: Parameters<Cache['verify']>[0] = {}): Promise<CacheVerifyDocument> {
    this.asked.push('cache.verify');
    options.onProgress?.({ done: 8, total: 8 });
    return this.verifyDocument;
  }

  async gc(options?: GcOptions): Promise<CacheGcDocument> {
    this.asked.push({ gc: options });
    return this.gcDocument;
  }

  async list(options?: { readonly task?: string }): Promise<CacheListDocument> {
    this.asked.push({ list: options });
    return this.listDocument;
  }

  async remove(references: readonly string[], options?: RemoveOptions): Promise<CacheRmDocument> {
    this.asked.push({ remove: references, options });
    return this.rmDocument;
  }
}
