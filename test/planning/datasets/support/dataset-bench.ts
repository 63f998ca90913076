import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../../../contracts/digest.ts';
import type { JsonObject } from '../../../../contracts/json.ts';
import type { Sample } from '../../../../evaluation/sample.ts';
import { type Dataset, datasetSchema } from '../../../../evaluation/spec/datasets.ts';
import { type DatasetDependencies, planDataset, type ReadDataset } from '../../../../planning/datasets/plan-dataset.ts';
import { createRowReader } from '../../../../planning/datasets/read-rows.ts';
import type { CompileFilters } from '../../../../planning/datasets/row-filter.ts';
import type { RowSelection } from '../../../../planning/datasets/select-rows.ts';
import type { ContentStore } from '../../../../storage/content-store.ts';
import type { DatasetCache, StoredSelection } from '../../../../storage/dataset-cache.ts';
import { createFileContentStore } from '../../../../storage/files/file-content-store.ts';

export const allRows: RowSelection = { numSamples: null, subsampling: 'head', seed: 0 };

/** A store, a cache and a folder for data files, gone after the test. */
export interface DatasetBench {
  readonly folder: string;
  readonly content: ContentStore;
  readonly cache: DatasetCache & {
    readonly files: Map<string, Digest>;
    readonly selections: Map<Digest, StoredSelection>;
  };
  writeFile(name: string, text: string | Uint8Array): Promise<string>;
  plan(
    dataset: Dataset,
    selection?: Partial<RowSelection>,
    options?: Partial<DatasetDependencies>,
  ): Promise<ReadDataset>;
  readSamples(planned: ReadDataset): Promise<Sample[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createDatasetBench(): Promise<DatasetBench> {
  const folder = await mkdtemp(join(tmpdir(), 'stet-datasets-'));
  const content = createFileContentStore(join(folder, 'store'));
  const cache = createCache();
  return {
    folder,
    content,
    cache,
    async writeFile(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    plan: (dataset, selection = {}, options = {}) =>
      planDataset(
        dataset,
        { ...allRows, ...selection },
        { content, cache, segmentSize: 3, verifyData: false, compileFilters: compileColumnFilters, ...options },
      ),
    async readSamples(planned) {
      const reader = createRowReader(content, planned.manifest);
      const { segments } = await reader.getManifest();
      const samples: Sample[] = [];
      for (const index of segments.keys()) samples.push(...(await reader.readSegment(index)));
      return samples;
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

/** Understands one kind of filter only: whether a column, named by the expression, equals a value. */
const compileColumnFilters: CompileFilters = (filters) => (names) =>
  filters.every((filter) => filter.op === 'equals' && names[filter.expression.replace(/[{} ]/g, '')] === filter.value);

function createCache(): DatasetBench['cache'] {
  const files = new Map<string, Digest>();
  const selections = new Map<Digest, StoredSelection>();
  return {
    files,
    selections,
    findFileDigest: (stat) => Promise.resolve(files.get(JSON.stringify(stat))),
    recordFileDigest: (stat, digest) => Promise.resolve(void files.set(JSON.stringify(stat), digest)),
    findSelection: (digest) => Promise.resolve(selections.get(digest)),
    recordSelection: (digest, selection) => Promise.resolve(void selections.set(digest, selection)),
  };
}

export function makeLocal(path: string, source: { filters?: unknown[]; infer_types?: boolean } = {}): Dataset {
  return datasetSchema.parse({ key: 'questions', source: { type: 'local', file_path: path, ...source } });
}

export function makeInline(samples: readonly JsonObject[], source: { filters?: unknown[] } = {}): Dataset {
  return datasetSchema.parse({ key: 'questions', source: { type: 'inline', samples, ...source } });
}

export function makeJsonl(rows: readonly JsonObject[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
