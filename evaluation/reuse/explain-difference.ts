import type { JsonObject, JsonValue } from '../../contracts/json.ts';

/** One place at which two fingerprints differ. */
export interface FieldDifference {
  /** Top-level part of the fingerprint: `task`, `dataset`, `solver`, `model`, `run_config`, `scorers`, `actions` … */
  readonly component: string;
  /** JSON pointer within the component; empty for the component itself. */
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** All fields in which two fingerprints differ, in canonical order; keys that only repeat another part are left out. */
export function findDifferences(before: JsonObject, after: JsonObject): readonly FieldDifference[] {
  const components = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((component) => component !== 'solver_key')
    .sort();
  return components.flatMap((component) => {
    const differences: FieldDifference[] = [];
    collect(before[component], after[component], '', (path, old, present) =>
      differences.push({ component, path, before: old, after: present }),
    );
    return differences;
  });
}

type Report = (path: string, before: JsonValue | undefined, after: JsonValue | undefined) => void;

function collect(before: JsonValue | undefined, after: JsonValue | undefined, path: string, report: Report): void {
  if (Object.is(before, after)) return;
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      collect(own(before, key), own(after, key), `${path}/${escapePointer(key)}`, report);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      collect(
        before[index] as JsonValue | undefined,
        after[index] as JsonValue | undefined,
        `${path}/${index}`,
        report,
      );
    }
    return;
  }
  report(path, before, after);
}

/** A key such as `constructor` is one like any other, and absent where nobody wrote it. */
function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
