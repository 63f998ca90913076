import type { z } from 'zod';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { type ConfigNode, childOf, type MapNode } from './config-node.ts';
import type { Schema } from './schema-walk.ts';
import { parse } from './validate.ts';

const emptyMap: MapNode = { kind: 'map', directory: '', entries: new Map() };

/** A section's values with defaults; where it has errors, the defaults alone. */
export function parseSection<S extends Schema>(schema: S, root: ConfigNode, section: string): z.output<S> {
  const parsed = parse(schema, childOf(root, section) ?? emptyMap) ?? parse(schema, emptyMap);
  if (parsed === undefined) throw new EvaluationError('internal', `The section ${section} has no defaults.`);
  return parsed;
}
