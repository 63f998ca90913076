import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { seesSample } from '../reuse/answer-key.ts';
import { digestModelFingerprint } from './make-fingerprints.ts';

/** A model as a stored result used it. */
export interface ModelUse {
  readonly version: Digest;
  /** Whether its answers may depend on more of the sample than the rendered request. */
  readonly seesSample: boolean;
}

/** The model that the solver of a stored result could ask; undefined where it could ask none. */
export function readSolverModel(solverFingerprint: JsonObject): ModelUse | undefined {
  return readModelUse(solverFingerprint['model']);
}

/** The judges of a stored result, by the keys of their scorers. */
export function readJudgeModels(resultFingerprint: JsonObject): ReadonlyMap<string, ModelUse> {
  const scorers = resultFingerprint['scorers'];
  const uses = new Map<string, ModelUse>();
  for (const scorer of Array.isArray(scorers) ? (scorers as readonly JsonValue[]) : []) {
    if (!isObject(scorer) || typeof scorer['key'] !== 'string') continue;
    const use = readModelUse(scorer['model']);
    if (use !== undefined) uses.set(scorer['key'], use);
  }
  return uses;
}

/** A fingerprint holds those of its models whole, and their digests are their versions. */
function readModelUse(model: JsonValue | undefined): ModelUse | undefined {
  if (!isObject(model)) return undefined;
  const connection = model['connection'];
  return {
    version: digestModelFingerprint(model),
    seesSample: seesSample(isObject(connection) ? connection['connection_type'] : undefined),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
