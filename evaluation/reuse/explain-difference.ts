import type { JsonObject, JsonValue } from '../../contracts/json.ts';

/** One place at which two fingerprints differ. */
export interface FieldDifference {
  /** Top-level part of the fingerprint: `task`, `dataset`, `solver`, `model`, `run_config`, `scorers`, `actions` … */
  readonly component: string;
  /**
   * JSON pointer within the component; empty for the component itself. It leads to what is, and where that is gone to what
   * was.
   */
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
  /** Only the order of a list with keys changed; `before` and `after` are the keys. */
  readonly isOrder?: boolean;
}

/** All fields in which two fingerprints differ, in canonical order; keys that only repeat another part are left out. */
export function findDifferences(before: JsonObject, after: JsonObject): readonly FieldDifference[] {
  if (before === after) return [];
  const components = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((component) => component !== 'solver_key')
    .sort();
  return components.flatMap((component) => {
    const differences: FieldDifference[] = [];
    collect(before[component], after[component], '', (difference) => differences.push({ component, ...difference }));
    return differences;
  });
}

type Report = (difference: Omit<FieldDifference, 'component'>) => void;

function collect(before: JsonValue | undefined, after: JsonValue | undefined, path: string, report: Report): void {
  if (Object.is(before, after)) return;
  if (isObject(before) && isObject(after)) {
    // Another kind of thing: what its fields were and are has nothing to do with each other.
    if (findKind(before) !== findKind(after)) {
      report({ path, before, after });
      return;
    }
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      collect(own(before, key), own(after, key), `${path}/${escapePointer(key)}`, report);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    collectItems(before, after, path, report);
    return;
  }
  report({ path, before, after });
}

function collectItems(before: readonly JsonValue[], after: readonly JsonValue[], path: string, report: Report): void {
  const keysBefore = listKeys(before);
  const keysAfter = listKeys(after);
  if (keysBefore === undefined || keysAfter === undefined) {
    collectByPlace(before, after, path, report);
    return;
  }
  const kept = new Set(keysBefore.filter((key) => keysAfter.includes(key)));
  if (kept.size === 0) {
    collectByPlace(before, after, path, report); // renamed, or replaced: better field by field than all gone and all new
    return;
  }
  for (const [index, key] of keysAfter.entries()) {
    const old = keysBefore.indexOf(key);
    collect(old < 0 ? undefined : before[old], after[index], `${path}/${index}`, report);
  }
  for (const [index, key] of keysBefore.entries()) {
    if (!kept.has(key)) collect(before[index], undefined, `${path}/${index}`, report);
  }
  const orderBefore = keysBefore.filter((key) => kept.has(key));
  const orderAfter = keysAfter.filter((key) => kept.has(key));
  if (orderBefore.some((key, index) => key !== orderAfter[index])) {
    report({ path, before: orderBefore, after: orderAfter, isOrder: true });
  }
}

/** Keys of scorers, metrics, rules; undefined where not every item has one of its own. */
function listKeys(items: readonly JsonValue[]): readonly string[] | undefined {
  const keys = items.map((item) => (isObject(item) ? own(item, 'key') : undefined));
  return keys.every((key) => typeof key === 'string') && new Set(keys).size === keys.length ? keys : undefined;
}

/** Items by their place, after what both lists begin with and before what both end with: one that is put between is new. */
function collectByPlace(before: readonly JsonValue[], after: readonly JsonValue[], path: string, report: Report): void {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start++;
  let end = 0;
  while (end < shorter - start && isSame(before.at(-1 - end), after.at(-1 - end))) end++;
  const [stopBefore, stopAfter] = [before.length - end, after.length - end];
  for (let index = start; index < Math.max(stopBefore, stopAfter); index++) {
    const old = index < stopBefore ? before[index] : undefined;
    collect(old, index < stopAfter ? after[index] : undefined, `${path}/${index}`, report);
  }
}

function isSame(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  let isEqual = true;
  collect(before, after, '', () => {
    isEqual = false;
  });
  return isEqual;
}

/** A key such as `constructor` is one like any other, and absent where nobody wrote it. */
function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What kind of solver, scorer, connection … a mapping describes; undefined where there are no kinds. */
export function findKind(object: JsonObject): string | undefined {
  const kind = own(object, 'type') ?? own(object, 'connection_type');
  return typeof kind === 'string' ? kind : undefined;
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
