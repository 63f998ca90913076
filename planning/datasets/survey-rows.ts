import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { toCanonicalJson } from '../../evaluation/fingerprint/canonical-json.ts';
import { createDigester, digestJson } from '../../evaluation/fingerprint/digest.ts';
import type { RowManifest } from '../../evaluation/plan.ts';
import { createIdSurvey } from './id-survey.ts';
import { createPositionSet, type PositionSet } from './position-set.ts';
import type { RowFilter } from './row-filter.ts';
import type { RowSource } from './row-source.ts';

/** What one reading of all rows finds out. */
export interface RowSurvey {
  readonly version: Digest;
  readonly idSource: RowManifest['idSource'];
  readonly warnings: readonly string[];
  /** Names of all columns of all rows, in order of first appearance. */
  readonly columns: readonly string[];
  readonly rowsBeforeFilters: number;
  /** Positions of the rows that the filters leave. */
  readonly kept: PositionSet;
}

/** Follows the survey. `columnId` is there as long as the column `sample_id` may still serve as ids. */
export interface SurveyVisitor {
  visitKept?(position: number, canonicalRow: string, columnId: string | undefined): void;
  /** Awaited before more is read. */
  endBatch?(): Promise<void>;
}

/**
 * Reads all rows once: ids, filters, and the dataset version (format 13.4, 20).
 *
 * The version is a digest over the rows and their ids, and whether ids come from the column is only known after the last
 * row. One reading is enough all the same: ids from the column are part of the rows, so the rows' digest covers them;
 * ids from positions are known from the set of kept positions, which is digested beside the rows at the end.
 */
export async function surveyRows(
  source: RowSource,
  filter: RowFilter | undefined,
  visitor: SurveyVisitor,
): Promise<RowSurvey> {
  const ids = createIdSurvey();
  const columns = new Set<string>();
  const kept = createPositionSet();
  const rowsDigester = createDigester();
  let rowsBeforeFilters = 0;

  for await (const batch of source.readBatches()) {
    const canonicalRows: string[] = [];
    for (const sourceRow of batch) {
      const { position, row } = sourceRow;
      rowsBeforeFilters += 1;
      addColumns(columns, row);
      const columnId = ids.visit(position, row);
      if (filter !== undefined && !filter(sourceRow)) continue;
      const canonicalRow = toCanonicalJson(row);
      kept.add(position);
      canonicalRows.push(canonicalRow);
      visitor.visitKept?.(position, canonicalRow, columnId);
    }
    // Canonical JSON has no line feed, so lines keep rows apart.
    if (canonicalRows.length > 0) rowsDigester.update(`${canonicalRows.join('\n')}\n`);
    await visitor.endBatch?.();
  }

  const { idSource, warnings } = ids.finish();
  const rows = rowsDigester.digest();
  const version = digestJson(
    'stet-dataset-version-1',
    idSource === 'column' ? { ids: 'column', rows } : { ids: 'position', rows, positions: digestPositions(kept) },
  );
  return { version, idSource, warnings, columns: [...columns], rowsBeforeFilters, kept };
}

function addColumns(columns: Set<string>, row: JsonObject): void {
  for (const name of Object.keys(row)) columns.add(name);
}

function digestPositions(kept: PositionSet): Digest {
  const digester = createDigester();
  let lines: string[] = [];
  for (const position of kept) {
    lines.push(`${position}\n`);
    if (lines.length === 10_000) {
      digester.update(lines.join(''));
      lines = [];
    }
  }
  digester.update(lines.join(''));
  return digester.digest();
}
