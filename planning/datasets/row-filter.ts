import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Filter } from '../../evaluation/spec/filters.ts';
import type { TemplateNames } from '../../evaluation/template/template.ts';
import type { FailRow } from './row-error.ts';
import type { SourceRow } from './row-source.ts';

export type CompileFilters = (
  filters: readonly Filter[],
  path: string,
) => (names: TemplateNames, sampleId: string) => boolean;
export type RowFilter = (row: SourceRow) => boolean;

/**
 * All filters of a dataset as one: a row stays when all hold (format 11).
 *
 * What is a sample error elsewhere stops everything here, since nothing has been spent yet.
 *
 * @returns undefined where there are no filters.
 */
export function createRowFilter(
  datasetKey: string,
  filters: readonly Filter[],
  compileFilters: CompileFilters,
  fail: FailRow,
): RowFilter | undefined {
  if (filters.length === 0) return undefined;
  const stays = compileFilters(filters, `datasets.${datasetKey}.source.filters`);
  return ({ position, line, row }) => {
    // The whole row keeps its name even where a column is called `sample`.
    const names = { ...row, sample: row };
    try {
      return stays(names, String(position));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      const place = line === undefined ? { row: position } : { row: position, line };
      const hint =
        error.hint ?? 'Filters that test with exists come first: a row which they drop is not looked at further.';
      throw fail(place, `a filter cannot be applied: ${error.message}`, hint, error);
    }
  };
}
