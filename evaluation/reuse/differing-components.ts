import type { JsonObject } from '../../contracts/json.ts';
import { toCanonicalJson } from '../fingerprint/canonical-json.ts';

interface Fingerprints {
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
}

/** Canonical text of each component of a fingerprint; a fingerprint is compared with many others. */
const known = new WeakMap<JsonObject, ReadonlyMap<string, string>>();

/** In how many components two results differ: in none exactly if their keys are equal. */
export function countDifferingComponents(before: Fingerprints, after: Fingerprints): number {
  return (
    count(before.solverFingerprint, after.solverFingerprint, []) +
    // What stands in both fingerprints counts once, and what says how trials are aggregated comes with several of them.
    count(before.resultFingerprint, after.resultFingerprint, ['schema', 'template_engine'])
  );
}

function count(before: JsonObject, after: JsonObject, leftOut: readonly string[]): number {
  if (before === after) return 0;
  const [old, present] = [listComponents(before), listComponents(after)];
  let differing = 0;
  for (const name of new Set([...old.keys(), ...present.keys()])) {
    if (name === 'solver_key' || leftOut.includes(name) || old.get(name) === present.get(name)) continue;
    if (name === 'aggregators' && !(old.has(name) && present.has(name))) continue;
    differing += 1;
  }
  return differing;
}

function listComponents(fingerprint: JsonObject): ReadonlyMap<string, string> {
  const found = known.get(fingerprint);
  if (found !== undefined) return found;
  const components = new Map(
    Object.entries(fingerprint).map(([name, value]) => [name, value === undefined ? '' : toCanonicalJson(value)]),
  );
  known.set(fingerprint, components);
  return components;
}
