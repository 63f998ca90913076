import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { getMetricKind } from '../metrics/index.ts';
import { adapterRevisions, connectionRevisions } from '../model-revisions.ts';
import type { CompleteDefinition, CompleteScorer, EffectiveRunConfig, PlannedModel } from '../plan.ts';
import {
  actionRevision,
  aggregatorRevision,
  filterRevision,
  judgeRevision,
  templateEngineRevision,
} from '../revisions.ts';
import { getScorerKind } from '../scorers/index.ts';
import { getSolverKind } from '../solvers/index.ts';
import { digestJson } from './digest.ts';
import { fieldTable, pickPart } from './field-table.ts';

/** Raised when the shape or the meaning of a fingerprint changes; a miss for that reason says so. */
export const fingerprintSchema = 1;

const solverDomain = 'stet-solver-fingerprint';
const resultDomain = 'stet-result-fingerprint';
const modelDomain = 'stet-model';

/** Everything about a model that can influence an answer; its digest is the model's version. */
export function makeModelFingerprint(planned: Omit<PlannedModel, 'version'>): JsonObject {
  const { model, adapter, recording, module: bundle } = planned;
  const { config } = model;
  const fields = fieldTable.connection[config.connection_type];
  return toJson({
    ...pickPart(fieldTable.model, { ...model, secrets: Object.keys(model.secrets).sort() }, 'model'),
    connection: nameSecrets(pickPart(fields, config, 'model')),
    connection_revision: connectionRevisions[config.connection_type],
    ...(planned.baseUrl === undefined ? {} : { base_url: planned.baseUrl }),
    ...(config.connection_type === 'custom_connection'
      ? { adapter: describeAdapter(config.adapter.key, adapter) }
      : {}),
    ...(recording === undefined ? {} : { recording: recording.digest }),
    ...(bundle === undefined ? {} : { module: bundle.version }),
  });
}

function describeAdapter(key: string, adapter: PlannedModel['adapter']): object {
  if (adapter === undefined) return { built_in: key, revision: adapterRevisions[key as keyof typeof adapterRevisions] };
  return { ...pickPart(fieldTable.adapter, adapter, 'model'), template_engine: templateEngineRevision };
}

export function makeModelVersion(planned: Omit<PlannedModel, 'version'>): Digest {
  return digestModelFingerprint(makeModelFingerprint(planned));
}

/** The version of a model, of the fingerprint that stands in those of results. */
export function digestModelFingerprint(fingerprint: JsonObject): Digest {
  return digestJson(modelDomain, fingerprint);
}

export interface FingerprintInput {
  readonly taskKey: string;
  readonly definition: CompleteDefinition;
  readonly runConfig: EffectiveRunConfig;
  readonly datasetVersion: Digest;
  /** The evaluated model; not looked at where the solver cannot call one. */
  readonly model: PlannedModel | undefined;
  readonly getModel: (key: string) => PlannedModel;
}

export interface Fingerprints {
  readonly solverFingerprint: JsonObject;
  readonly solverKey: Digest;
  readonly resultFingerprint: JsonObject;
  readonly resultKey: Digest;
}

/** Solver fingerprint and result fingerprint with their digests, which are the keys (design 3.1, format 20). */
export function makeFingerprints(input: FingerprintInput): Fingerprints {
  const solverFingerprint = makeSolverFingerprint(input);
  const solverKey = digestJson(solverDomain, solverFingerprint);
  const resultFingerprint = makeResultFingerprint(input, solverKey);
  return { solverFingerprint, solverKey, resultFingerprint, resultKey: digestJson(resultDomain, resultFingerprint) };
}

function makeSolverFingerprint({
  taskKey,
  definition,
  runConfig,
  datasetVersion,
  model,
}: FingerprintInput): JsonObject {
  const { solver } = definition;
  const kind = getSolverKind(solver.type);
  return toJson({
    schema: fingerprintSchema,
    template_engine: templateEngineRevision,
    task: { key: taskKey, type: definition.type },
    dataset: { version: datasetVersion },
    solver: { ...pickPart(fieldTable.solver[solver.type], solver, 'solver'), revision: kind.revision },
    model: kind.usesModel && model !== undefined ? makeModelFingerprint(model) : null,
    run_config: runConfig,
  });
}

function makeResultFingerprint({ definition, runConfig, getModel }: FingerprintInput, solverKey: Digest): JsonObject {
  return toJson({
    schema: fingerprintSchema,
    template_engine: templateEngineRevision,
    solver_key: solverKey,
    scorers: definition.scorers.map((scorer) => describeScorer(scorer, getModel)),
    actions: {
      rules: definition.actions,
      ...(definition.actions.length === 0 ? {} : { revision: actionRevision, filter_revision: filterRevision }),
    },
    ...describeAggregators(definition, runConfig),
  });
}

/** What is declared counts, also where there is one trial and nothing to aggregate. */
function describeAggregators(
  { score_aggregators: declared }: CompleteDefinition,
  { num_trials }: EffectiveRunConfig,
): object {
  if (num_trials === 1 && declared === undefined) return {};
  return { aggregators: { ...(declared === undefined ? {} : { declared }), revision: aggregatorRevision } };
}

function describeScorer(scorer: CompleteScorer, getModel: FingerprintInput['getModel']): object {
  return {
    ...pickPart(fieldTable.scorer[scorer.type], scorer, 'scoring'),
    revision: getScorerKind(scorer.type).revision,
    metrics: scorer.metrics.map((metric) => ({ ...metric, revision: getMetricKind(metric.type).revision })),
    ...('model_key' in scorer
      ? { judge_revision: judgeRevision, model: makeModelFingerprint(getModel(scorer.model_key)) }
      : {}),
  };
}

/**
 * Reduces secrets to their names, since where the value lies does not count. Only in the fields that take one (format
 * 16.1): `options` may hold a mapping of the same look, which counts whole.
 */
function nameSecrets({ api_key, custom_headers, ...others }: Readonly<Record<string, unknown>>): object {
  const headers = Object.entries(custom_headers ?? {}).map(([name, value]) => [name, nameSecret(value)]);
  return {
    ...others,
    ...(api_key === undefined ? {} : { api_key: nameSecret(api_key) }),
    ...(custom_headers === undefined ? {} : { custom_headers: Object.fromEntries(headers) }),
  };
}

function nameSecret(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'secret' in value ? { secret: value.secret } : value;
}

/** Plain JSON without absent fields. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
