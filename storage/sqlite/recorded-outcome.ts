import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { Stage } from '../journal.ts';

/** Whether a sample's outcome has an error of its own stage; what a solver's error did to scoring is not one. */
export function hasStageError(stage: Stage, outcome: JsonValue): boolean {
  if (stage === 'solve') {
    return readList(outcome, 'trials').some((trial) => isObject(trial) && trial['error'] !== undefined);
  }
  return readList(outcome, 'errors').some((error) => isObject(error) && error['stage'] !== 'solver');
}

function readList(value: JsonValue, name: string): readonly JsonValue[] {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
