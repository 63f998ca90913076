import type { JsonObject, JsonValue } from '../../../../contracts/json.ts';
import { type Classification, fieldTable, type Part } from '../../../../evaluation/fingerprint/field-table.ts';
import { datasetSchema, sourceSchema } from '../../../../evaluation/spec/datasets.ts';
import { connectionSchema, modelAdapterSchema, modelSchema } from '../../../../evaluation/spec/models.ts';
import {
  evaluationSchema,
  limitsSchema,
  reuseSchema,
  runConfigSchema,
  runFileSchema,
  taskSpecificationSchema,
} from '../../../../evaluation/spec/run-file.ts';
import { scorerSchema } from '../../../../evaluation/spec/scorers.ts';
import { solverSchema } from '../../../../evaluation/spec/solvers.ts';
import { definitionSchema, taskSchema, trialsSchema } from '../../../../evaluation/spec/tasks.ts';
import { listMembers, type Marks, type Place, type Schema } from '../../../support/zod-arbitrary.ts';
import type { PlannedRun } from './plan-run.ts';

type Path = Place['path'];

/** Where the objects that one entry of the table classifies occur in the host, and what is known about them. */
export interface Placement {
  readonly schema: Schema;
  /** Role → place in the host; a model plays two. */
  readonly at: Readonly<Record<string, Path>>;
  /** What others name it by, if they do. */
  readonly kind?: Marks['referenceTo'];
  /** Where the content of a file counts that a field names. */
  readonly contentPart?: Part;
  /** What a field comes to in the plan, where leaving it out means something else than a default of the schema. */
  readonly findExecuted?: (run: PlannedRun, field: string) => JsonValue | undefined;
}

const effectiveRunConfig: Placement['findExecuted'] = ({ task }) => task.run_config as unknown as JsonObject;

export const placements: Readonly<Record<keyof typeof fieldTable, Placement>> = {
  runFile: { schema: runFileSchema, at: { whole: [] } },
  runConfig: { schema: runConfigSchema, at: { whole: ['run_config'] }, findExecuted: effectiveRunConfig },
  evaluation: { schema: evaluationSchema, at: { whole: ['evaluation'] } },
  taskSpecification: {
    schema: taskSpecificationSchema,
    at: { whole: ['evaluation', 'task_specifications', 0] },
    findExecuted: effectiveRunConfig,
  },
  task: { schema: taskSchema, at: { used: ['tasks', 0] }, kind: 'task' },
  definition: {
    schema: definitionSchema,
    at: { used: ['tasks', 0, 'definition'] },
    findExecuted: (run, field) => (run.task.definition as unknown as JsonObject)[field],
  },
  trials: {
    schema: trialsSchema,
    at: { used: ['tasks', 0, 'definition', 'trials'] },
    findExecuted: ({ task }, field) =>
      ({ ...task.run_config, score_aggregators: (task.definition.score_aggregators ?? []) as unknown as JsonValue })[
        field
      ],
  },
  solver: { schema: solverSchema, at: { used: ['tasks', 0, 'definition', 'solver'] }, contentPart: 'solver' },
  scorer: {
    schema: scorerSchema,
    at: { used: ['tasks', 0, 'definition', 'scorers', 0] },
    contentPart: 'scoring',
    findExecuted: ({ task }, field) => (task.definition.scorers[0] as unknown as JsonObject)[field],
  },
  model: { schema: modelSchema, at: { evaluated: ['models', 0], judge: ['models', 1] }, kind: 'model' },
  connection: {
    schema: connectionSchema,
    at: { evaluated: ['models', 0, 'config'], judge: ['models', 1, 'config'] },
    contentPart: 'model',
  },
  adapter: {
    schema: modelAdapterSchema,
    at: { evaluated: ['model_adapters', 0], judge: ['model_adapters', 1] },
    kind: 'adapter',
  },
  dataset: { schema: datasetSchema, at: { used: ['datasets', 0] }, kind: 'dataset' },
  source: { schema: sourceSchema, at: { used: ['datasets', 0, 'source'] }, contentPart: 'dataset' },
  limits: { schema: limitsSchema, at: { whole: ['limits'] } },
  reuse: { schema: reuseSchema, at: { whole: ['reuse'] } },
};

/** Sections of the run config in which things are declared that others name. */
export const sectionOf = { model: 'models', adapter: 'model_adapters', dataset: 'datasets', task: 'tasks' } as const;

/** One field of the table with everything that a test of it needs. */
export interface FieldCase {
  readonly title: string;
  readonly placement: Placement;
  readonly role: string;
  readonly path: Path;
  readonly fields: Readonly<Record<string, Classification>>;
  /** Fields of the object by name. */
  readonly shape: Readonly<Record<string, Schema>>;
  readonly field: string;
  readonly schema: Schema;
  readonly classification: Classification;
}

/** Every field that the schemas have, with the classification that the table gives it. */
export function listFieldCases(): FieldCase[] {
  return Object.entries(placements).flatMap(([entry, placement]) =>
    listMembers(placement.schema).flatMap(({ tag, object }) => {
      const fields = findFields(entry as keyof typeof fieldTable, tag);
      const shape = object.shape as Readonly<Record<string, Schema>>;
      return Object.entries(placement.at).flatMap(([role, path]) =>
        Object.entries(shape).map(([field, schema]) => {
          const classification = fields[field];
          const name = `${entry}${fields === fieldTable[entry as keyof typeof fieldTable] ? '' : ` ${tag}`}`;
          if (classification === undefined) throw new Error(`Nobody classified ${name}.${field}.`);
          const title = `${name}.${field}${Object.keys(placement.at).length === 1 ? '' : ` (${role})`}`;
          return { title, placement, role, path, fields, shape, field, schema, classification };
        }),
      );
    }),
  );
}

/** Entries hold either fields, or tags with fields. */
function findFields(entry: keyof typeof fieldTable, tag: string | undefined): Readonly<Record<string, Classification>> {
  const fields = fieldTable[entry] as Readonly<
    Record<string, Classification | Readonly<Record<string, Classification>>>
  >;
  const ofTag = tag === undefined ? undefined : fields[tag];
  if (typeof ofTag === 'object' && !('excluded' in ofTag)) return ofTag;
  const isTagged = Object.values(fields).every((value) => typeof value === 'object' && !('excluded' in value));
  if (isTagged) throw new Error(`The table has no ${entry} of type ${tag}.`);
  return fields as Readonly<Record<string, Classification>>;
}
