import type { JsonObject } from '../../contracts/json.ts';
import type { RowManifest } from '../../evaluation/plan.ts';

export const idColumn = 'sample_id';

/** The text form of the row's id column, or undefined where it does not hold text or an integer (format 13.3). */
export function findColumnId(row: JsonObject): string | undefined {
  const value = Object.hasOwn(row, idColumn) ? row[idColumn] : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A sample's id, from what the manifest says ids are made of. */
export function getSampleId(idSource: RowManifest['idSource'], position: number, row: JsonObject): string {
  if (idSource === 'position') return String(position);
  const id = findColumnId(row);
  if (id === undefined) throw new TypeError(`Row ${position} has no usable "${idColumn}", yet ids were taken from it.`);
  return id;
}
