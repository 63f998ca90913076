import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { type ModelUse, readJudgeModels, readSolverModel } from '../../evaluation/fingerprint/read-model-uses.ts';
import type { Plan } from '../../evaluation/plan.ts';
import { judgeStoredResult } from '../../evaluation/reuse/usability.ts';
import type { AnswerSource } from '../../storage/answer-index.ts';
import type { Stage } from '../../storage/journal.ts';
import type { TaskResultRecord } from '../../storage/result-index.ts';
import { chunksOf } from '../../storage/sql/chunks.ts';
import type { Store } from '../../storage/store.ts';
import { findDamage, makeReuseBounds } from '../look-up.ts';

/** How many of the latest results of the store are looked at, and how many of them per stage and model version are used. */
export const maxResults = 1_000;
export const maxSourcesPerModel = 20;

const fingerprintsPerQuery = 100;

/** The stores that answers are looked for in. */
export type AnswerStore = Pick<Store, 'content' | 'results' | 'answers'>;

/** A usable result in whose stages there may be answers that are needed. */
export interface UsableSource {
  readonly result: TaskResultRecord;
  /** The models asked in each stage, by the keys of scorers; the solver's by the empty key. */
  readonly models: ReadonlyMap<string, ModelUse>;
  readonly stages: ReadonlySet<Stage>;
  /** Stages of which all answers are listed. */
  readonly listed: ReadonlySet<Stage>;
}

/** Versions of the models whose answers a plan wants, by stage. */
export type WantedModels = Readonly<Record<Stage, ReadonlySet<Digest>>>;

/** What `reuse.answers` of a plan looks for; nothing where it is off, or where the policy does not look at all. */
export function listWantedModels({ reuse, cache_policy, tasks, models }: Plan): WantedModels {
  const isOn = cache_policy === 'reuse' && reuse.answers !== 'off';
  const versionsOf = (keys: readonly (string | undefined)[]) =>
    new Set(keys.flatMap((key) => (key === undefined ? [] : (models[key]?.version ?? []))));
  return {
    solve: versionsOf(isOn ? tasks.map((task) => task.model_key) : []),
    score: versionsOf(
      isOn && reuse.answers === 'all'
        ? tasks.flatMap((task) =>
            task.definition.scorers.map((scorer) => ('model_key' in scorer ? scorer.model_key : undefined)),
          )
        : [],
    ),
  };
}

/**
 * The results whose single answers may stand in a run: usable by its error limit, undamaged, the latest of each model
 * version first. Age is judged answer by answer. Results of the run itself are none of them: what stands in one task must
 * not depend on which of the others happens to be done.
 *
 * @param runId - Undefined for a plan of which there is no run yet.
 */
export async function findAnswerSources(
  store: AnswerStore,
  plan: Pick<Plan, 'limits' | 'reuse'>,
  wanted: WantedModels,
  { runId, nowMs }: { readonly runId: string | undefined; readonly nowMs: number },
): Promise<readonly UsableSource[]> {
  if (wanted.solve.size + wanted.score.size === 0) return [];
  const candidates = await store.answers.findSources({ exceptRunId: runId, limit: maxResults });
  const fingerprints = await readFingerprints(store, candidates);
  const ids = new Set(candidates.map(({ result }) => result.taskResultId));
  const bounds = { ...makeReuseBounds(plan, nowMs), maxAgeMs: undefined };
  const taken = new Map<string, number>();
  const sources: UsableSource[] = [];
  for (const { result, listed } of candidates) {
    const models = readModels(result, fingerprints);
    const useful = listUsefulStages(result, models, wanted, ids).filter((stage) =>
      listVersions(models, stage).some((version) => (taken.get(`${stage} ${version}`) ?? 0) < maxSourcesPerModel),
    );
    if (useful.length === 0) continue;
    if (judgeStoredResult(result, 'none', bounds).stands === 'nothing') continue;
    const { stands } = judgeStoredResult(result, await findDamage(store, result), bounds);
    const stages = useful.filter((stage) => stands === 'all' || (stands === 'outputs' && stage === 'solve'));
    if (stages.length === 0) continue;
    for (const stage of stages) {
      for (const version of listVersions(models, stage)) {
        taken.set(`${stage} ${version}`, (taken.get(`${stage} ${version}`) ?? 0) + 1);
      }
    }
    sources.push({ result, models, stages: new Set(stages), listed });
  }
  return sources;
}

/** Each is read once, however many results share it: those of a solver are shared by all that were scored anew. */
async function readFingerprints(
  { results }: Pick<Store, 'results'>,
  candidates: readonly AnswerSource[],
): Promise<ReadonlyMap<Digest, ReadonlyMap<string, ModelUse>>> {
  const solverKeys = new Set(candidates.map(({ result }) => result.solverKey));
  const resultKeys = new Set(candidates.map(({ result }) => result.resultKey));
  const uses = new Map<Digest, ReadonlyMap<string, ModelUse>>();
  for (const chunk of chunksOf([...solverKeys, ...resultKeys], fingerprintsPerQuery)) {
    for (const [digest, fingerprint] of await results.findFingerprints(chunk)) {
      uses.set(digest, solverKeys.has(digest) ? readSolver(fingerprint) : readJudgeModels(fingerprint));
    }
  }
  return uses;
}

function readSolver(fingerprint: JsonObject): ReadonlyMap<string, ModelUse> {
  const model = readSolverModel(fingerprint);
  return new Map(model === undefined ? [] : [['', model]]);
}

function readModels(
  { solverKey, resultKey }: TaskResultRecord,
  fingerprints: ReadonlyMap<Digest, ReadonlyMap<string, ModelUse>>,
): ReadonlyMap<string, ModelUse> {
  return new Map([...(fingerprints.get(solverKey) ?? []), ...(fingerprints.get(resultKey) ?? [])]);
}

/** Solver outputs that were taken over are looked at where they were made. */
function listUsefulStages(
  { reuse, reusedFrom }: TaskResultRecord,
  models: ReadonlyMap<string, ModelUse>,
  wanted: WantedModels,
  ids: ReadonlySet<string>,
): readonly Stage[] {
  const isElsewhere = reuse === 'partial' && reusedFrom !== null && ids.has(reusedFrom);
  const stages: readonly Stage[] = isElsewhere ? ['score'] : ['solve', 'score'];
  return stages.filter((stage) => listVersions(models, stage).some((version) => wanted[stage].has(version)));
}

function listVersions(models: ReadonlyMap<string, ModelUse>, stage: Stage): readonly Digest[] {
  return [...models]
    .filter(([scorerKey]) => (scorerKey === '') === (stage === 'solve'))
    .map(([, { version }]) => version);
}
