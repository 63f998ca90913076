import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { toCanonicalJson } from '../../evaluation/fingerprint/canonical-json.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { Plan, PlannedTaskSpecification } from '../../evaluation/plan.ts';
import { createSampleScorer } from '../../evaluation/score-sample.ts';
import type { RunRecord } from '../../storage/run-log.ts';
import type { Store } from '../../storage/store.ts';
import { iterateSamples } from '../iterate-samples.ts';
import type { RunContext } from '../run-context.ts';
import type { RescoreOptions, SampleDocument } from '../stet.ts';
import { readStoredPlan } from '../stored-plan.ts';
import { type ChosenSamples, chooseSamples, isSolved } from './choose-samples.ts';
import { compareScores } from './compare-scores.ts';
import { measureTry } from './measure-try.ts';
import { prepareTry } from './prepare-try.ts';
import type { RescoreDocument, RescoredSampleDocument } from './try-documents.ts';
import { createTryWork } from './try-samples.ts';

const defaultLimit = 20;

/** Scores some stored solver outputs with the present scoring section of a file, and keeps nothing of it. */
export async function rescoreSamples(
  context: RunContext,
  store: Store,
  run: RunRecord,
  options: RescoreOptions,
): Promise<RescoreDocument> {
  const { signal = new AbortController().signal } = options;
  const source = options.source ?? getFile(run);
  const envFile = options.envFile ?? findEnvFile(run, options.source);
  const { plan: stored } = await readStoredPlan(store, run);
  await using prepared = await prepareTry(
    context,
    source,
    { ...options, ...(envFile === undefined ? {} : { envFile }), part: 'scoring' },
    (keys) => chooseTask(stored, run, keys, options.task),
  );
  const { plan, task, models, warnings } = prepared;
  const scoreSample = createSampleScorer(task.definition);
  const chosen = await choose(store, run, task.key, options);
  const work = createTryWork(prepared, scoreSample, signal);
  const samples = await Promise.all(
    chosen.samples.map(async (document): Promise<RescoredSampleDocument> => {
      const { sample_id: id, sample_index: index, sample: row, solved, scored: before } = document;
      const queries = work.askFor({ id, index, row });
      const scored = await work.score({ id, index, row }, solved, queries);
      const changes = scored === null ? [] : compareScores(before, scored);
      return { ...document, scored, before, changes, unanswered: queries.unanswered };
    }),
  );
  return {
    run: run.runId,
    task: task.key,
    evaluation: plan.evaluation.key,
    solver_differs_in: compareSolvers(stored.tasks.find(({ key }) => key === task.key)?.solver_fingerprint, task),
    samples,
    candidates: chosen.candidates,
    changed: samples.filter(({ changes }) => changes.length > 0).length,
    errors: samples.filter(({ scored }) => scored === null || scored.errors.length > 0).length,
    error: work.error,
    model_queries: { ...models.counts },
    ...measureTry(plan, task, { solved: [], scored: samples.flatMap(({ scored }) => scored?.trials ?? []) }),
    warnings: [...warnings, ...work.warnings],
  };
}

function getFile({ runId, file }: RunRecord): string {
  if (file !== null) return file;
  throw new EvaluationError('usage', `Run ${runId} was not started from a file.`, {
    hint: 'Name the file with the scoring section with -f.',
  });
}

/** The file of the run brings the environment that it was run with. */
function findEnvFile({ origin }: RunRecord, source: RescoreOptions['source']): string | undefined {
  const recorded = (origin as Readonly<Record<string, unknown>>)['env_file'];
  return source === undefined && typeof recorded === 'string' ? recorded : undefined;
}

/** The task that is named, else the first of the file that the run has as well. */
function chooseTask(stored: Plan, { runId }: RunRecord, keys: readonly string[], wanted: string | undefined): string {
  const ofRun = stored.tasks.map(({ key }) => key);
  if (wanted === undefined) {
    const shared = keys.find((key) => ofRun.includes(key));
    if (shared !== undefined) return shared;
    throw new EvaluationError('usage', `The run file and run ${runId} have no task specification in common.`, {
      hint: `The file has ${keys.join(', ') || 'none'}; the run has ${ofRun.join(', ') || 'none'}.`,
    });
  }
  const where = !keys.includes(wanted) ? 'The run file' : !ofRun.includes(wanted) ? `Run ${runId}` : undefined;
  if (where === undefined) return wanted;
  const known = keys.includes(wanted) ? ofRun : keys;
  throw new EvaluationError('usage', `${where} has no task specification ${JSON.stringify(wanted)}.`, {
    hint: suggestName(wanted, known) ?? 'It has none at all.',
  });
}

/** What of the solver key is not that of the run, by its parts. */
function compareSolvers(
  stored: PlannedTaskSpecification['solver_fingerprint'] = {},
  { solver_fingerprint: present }: PlannedTaskSpecification,
): readonly string[] {
  const parts = [...new Set([...Object.keys(present), ...Object.keys(stored)])];
  return parts.filter((part) => toCanonicalJson(present[part] ?? null) !== toCanonicalJson(stored[part] ?? null));
}

async function choose(
  store: Store,
  run: RunRecord,
  task: string,
  { samples: names = [], where, limit = defaultLimit }: RescoreOptions,
): Promise<ChosenSamples> {
  if (names.length > 0) {
    const documents = await Promise.all([...new Set(names)].map((name) => getSample(store, run, task, name)));
    const samples = documents.map((document) => {
      if (isSolved(document)) return document;
      throw new EvaluationError(
        'usage',
        `Sample ${JSON.stringify(document.sample_id)} has no solver output to score.`,
        {
          hint: `"stet show ${run.runId} ${task} ${document.sample_id}" says what became of it.`,
        },
      );
    });
    return { samples, candidates: samples.length };
  }
  const stored = iterateSamples(store, run, { task, ...(where === undefined ? {} : { where }) });
  const chosen = await chooseSamples(stored, limit);
  if (chosen.samples.length > 0) return chosen;
  throw new EvaluationError(
    'usage',
    where === undefined
      ? `Task "${task}" of run ${run.runId} has no solver output to score.`
      : `No sample of task "${task}" of run ${run.runId} that has a solver output fits --where.`,
    { hint: `"stet show ${run.runId} ${task} --samples" lists its samples.` },
  );
}

/** @param name - An id, else a number of the sample in the selection, from 1. */
async function getSample(store: Store, run: RunRecord, task: string, name: string): Promise<SampleDocument> {
  try {
    for await (const document of iterateSamples(store, run, { task, sample: name })) return document;
  } catch (error) {
    if (!(error instanceof EvaluationError) || error.code !== 'run-not-found') throw error;
    if (!/^[1-9]\d*$/.test(name)) throw error;
    for await (const document of iterateSamples(store, run, { task })) {
      if (document.sample_index === Number(name) - 1) return document;
    }
    throw error;
  }
  throw new EvaluationError('internal', `Sample "${name}" was neither found nor missed.`);
}
