import path from 'node:path';
import type { ConfigNode } from './config-node.ts';
import { mapWithSchema, marksOf, type Schema } from './schema-walk.ts';

/** Data paths are relative to the YAML file that declares them (format 2); afterwards they are absolute. */
export function makePathsAbsolute(schema: Schema, node: ConfigNode): ConfigNode {
  return mapWithSchema(schema, node, (place, placeSchema) => {
    if (place.kind !== 'scalar' || typeof place.value !== 'string' || marksOf(placeSchema).dataPath !== true)
      return place;
    // An empty path is an error of its own.
    return place.value === '' ? place : { ...place, value: path.resolve(place.directory, place.value) };
  });
}
