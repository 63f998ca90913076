import type { Digest } from '../../contracts/digest.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { filterRevision } from '../../evaluation/filters/filter-revision.ts';
import { toCanonicalJson } from '../../evaluation/fingerprint/canonical-json.ts';
import { digestJson } from '../../evaluation/fingerprint/digest.ts';
import type { PlannedDataset, RowManifest } from '../../evaluation/plan.ts';
import type { Dataset, DatasetSource } from '../../evaluation/spec/datasets.ts';
import type { Filter } from '../../evaluation/spec/filters.ts';
import { templateEngineRevision } from '../../evaluation/template/template-engine-revision.ts';
import type { ContentStore } from '../../storage/content-store.ts';
import type { DatasetCache } from '../../storage/dataset-cache.ts';
import { type BlobSink, createDryBlobSink } from './blob-sink.ts';
import { openDataFile } from './data-file.ts';
import { createFileSource, getReaderOptions, type ReaderOptions } from './file-source.ts';
import { findRawDigest, findStandingSelection, type StoredRows } from './known-data.ts';
import { createInlineSource } from './read-inline.ts';
import { type FailRow, makeRowError } from './row-error.ts';
import { type CompileFilters, createRowFilter } from './row-filter.ts';
import type { StoredRowManifest } from './row-manifest.ts';
import type { RowSource } from './row-source.ts';
import { createSegmentWriter } from './segment-writer.ts';
import { type RowSelection, selectRows } from './select-rows.ts';

export interface DatasetDependencies {
  readonly content: ContentStore;
  readonly cache: DatasetCache;
  /** Rows per segment blob. */
  readonly segmentSize: number;
  /** Reads files in any case, whatever the cache says. */
  readonly verifyData: boolean;
  /** False: nothing is written, neither blobs nor cache entries; the result is the same. */
  readonly store?: boolean;
  readonly compileFilters: CompileFilters;
  /** Told of the manifest of rows that were not read, since what is stored of them stands; only its sizes were looked at. */
  readonly onStanding?: (manifest: Digest) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface ReadDataset extends PlannedDataset {
  /** Names of all columns of all rows of the source, in order of first appearance. */
  readonly columns: readonly string[];
  readonly idSource: RowManifest['idSource'];
  readonly warnings: readonly string[];
  readonly rowsBeforeFilters: number;
}

/** Raised when the same bytes and options come to be read as other rows. */
const readerRevision = 1;

/**
 * Reads a dataset and stores the selected rows as segment blobs with a manifest (format 13.4: read, ids, filters,
 * version, subsampling). Rows are streamed: what is kept in memory of each is a few bytes.
 *
 * @param dataset - With an absolute `file_path`.
 * @throws {EvaluationError} `dataset-invalid` naming file, line and row, `dataset-empty`, `config-file-missing`, and
 *   what compiling a filter throws.
 */
export async function planDataset(
  dataset: Dataset,
  selection: RowSelection,
  dependencies: DatasetDependencies,
): Promise<ReadDataset> {
  const { key, source } = dataset;
  if (source.type === 'local') return planLocalDataset(key, source, selection, dependencies);
  const fail = createFail(key);
  const outcome = await storeRows(
    key,
    source.filters,
    createInlineSource(source.samples, fail),
    selection,
    dependencies,
    fail,
  );
  return describeOutcome(key, outcome);
}

async function planLocalDataset(
  key: string,
  source: Extract<DatasetSource, { type: 'local' }>,
  selection: RowSelection,
  dependencies: DatasetDependencies,
): Promise<ReadDataset> {
  const { content, cache, verifyData, store = true, now = Date.now } = dependencies;
  const options = getReaderOptions(source);
  const file = await openDataFile(key, source.file_path);
  try {
    const rawDigest = await findRawDigest(file, cache, { lookUp: !verifyData, record: store, now });
    const readerDigest = digestReader(rawDigest, options, source.filters, selection, dependencies.segmentSize);
    const standing = verifyData ? undefined : await findStandingSelection(readerDigest, content, cache);
    if (standing !== undefined && standing !== 'lost') {
      dependencies.onStanding?.(standing.selection.manifest.digest);
      return describeOutcome(key, standing);
    }

    const fail = createFail(key, file.path);
    const rows = createFileSource(file, rawDigest, options, fail);
    const outcome = await storeRows(key, source.filters, rows, selection, dependencies, fail);
    if (store) await cache.recordSelection(readerDigest, outcome.selection);
    const read = describeOutcome(key, outcome);
    return standing === 'lost' ? { ...read, warnings: [...read.warnings, lostRowsWarning] } : read;
  } finally {
    await file.close();
  }
}

export const lostRowsWarning = 'Its stored rows are lost or damaged; a run stores them anew.';

/** Everything that decides which rows are selected and how they are cut; the dataset's name and path do not. */
function digestReader(
  rawDigest: Digest,
  options: ReaderOptions,
  filters: readonly Filter[],
  selection: RowSelection,
  segmentSize: number,
): Digest {
  const { numSamples, subsampling, seed } = selection;
  return digestJson('stet-dataset-reader-1', {
    raw: rawDigest,
    reader: { ...options, revision: readerRevision },
    filters: filters.length === 0 ? null : { list: filters, revisions: [filterRevision, templateEngineRevision] },
    selection: numSamples === null ? null : { numSamples, subsampling, seed: subsampling === 'head' ? null : seed },
    segmentSize,
  });
}

async function storeRows(
  key: string,
  filters: readonly Filter[],
  source: RowSource,
  selection: RowSelection,
  dependencies: DatasetDependencies,
  fail: FailRow,
): Promise<StoredRows> {
  const { content, segmentSize, store = true } = dependencies;
  const filter = createRowFilter(key, filters, dependencies.compileFilters, fail);
  const sink: BlobSink = store ? (bytes) => content.put(bytes) : createDryBlobSink(content);
  const writer = createSegmentWriter(sink, segmentSize);
  try {
    const survey = await selectRows(source, filter, selection, writer);
    if (writer.count === 0) throw makeEmptyError(key, survey.rowsBeforeFilters);
    const { version, idSource, columns, rowsBeforeFilters, warnings } = survey;
    const segments = await writer.finish();
    const manifest: StoredRowManifest = {
      version,
      idSource,
      segmentSize,
      count: writer.count,
      segments,
      columns,
      rowsBeforeFilters,
    };
    const reference = await sink(Buffer.from(toCanonicalJson(manifest)));
    return { manifest, selection: { manifest: reference, version, count: writer.count, idSource, warnings } };
  } finally {
    await writer.abandon();
  }
}

function makeEmptyError(key: string, rowsBeforeFilters: number): EvaluationError {
  if (rowsBeforeFilters === 0) {
    return new EvaluationError('dataset-empty', `Dataset "${key}" has no rows.`, { hint: 'Add at least one row.' });
  }
  return new EvaluationError(
    'dataset-empty',
    `Dataset "${key}": its filters leave no row of ${rowsBeforeFilters.toLocaleString('en')}.`,
    { hint: 'A row stays when all filters hold; loosen one of them.' },
  );
}

function createFail(key: string, file?: string): FailRow {
  return (place, problem, hint, cause) => makeRowError(key, { ...place, file }, problem, { hint, cause });
}

function describeOutcome(key: string, { manifest, selection }: StoredRows): ReadDataset {
  return {
    key,
    version: selection.version,
    manifest: selection.manifest.digest,
    count: selection.count,
    segment_count: manifest.segments.length,
    columns: manifest.columns,
    idSource: manifest.idSource,
    warnings: selection.warnings,
    rowsBeforeFilters: manifest.rowsBeforeFilters,
  };
}
