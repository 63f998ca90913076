import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';
import { isFinal } from '../contracts/status.ts';
import { pickLimitOverrides } from '../evaluation/limits/limit-overrides.ts';
import { addLimits, pickSpendingLimits, type SpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import { type BuiltPlan, findUsedModels } from '../planning/build-plan.ts';
import { makeTaskResults } from '../planning/make-task-results.ts';
import { checkSecrets, type ResolvedRun } from '../planning/run-file/index.ts';
import type { ReplacingPlan, RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { checkSameWork } from './check-same-work.ts';
import { chooseWorkPlace } from './choose-work-place.ts';
import type { Session } from './host.ts';
import { mendRun } from './mend-run.ts';
import { makeNotOursError, makeOrigin, type RunContext, storePlan, takeRun } from './run-context.ts';
import { applyLimits, prepareLimits, requireStoredPrices } from './run-limits.ts';
import { securePlan } from './secure-plan.ts';
import type { ResumeOptions, RunHandle } from './stet.ts';
import { readStoredPlan } from './stored-plan.ts';
import { untilAborted } from './until-aborted.ts';

/** Goes on with a failed, cancelled or interrupted run; with its stored plan, or with another one of the same work. */
export async function resumeRun(
  context: RunContext,
  store: Store,
  reference: string,
  options: ResumeOptions,
): Promise<RunHandle> {
  const { signal, source } = options;
  if (source !== undefined && options.errors === true) {
    throw new EvaluationError(
      'usage',
      'A run file does not go with `errors`: those of a completed run are tried again as they were.',
    );
  }
  const found = await store.runs.getRun(reference);
  if (found.status === 'completed') {
    if (options.errors === true) return mendRun(context, store, found, options);
    throw await makeCompletedError(store, found);
  }
  const replacement =
    source === undefined
      ? undefined
      : await untilAborted(signal, () => planAnew(context, store, found, source, options));
  const limits = await findNewLimits(store, found, replacement?.built, options);
  await prepareLimits(store, found, limits); // refuses what is used up before anything is begun
  const session = await untilAborted(signal, () => context.host.openSession());
  const run = await takeUp(context, store, session, found, { plan: replacement?.plan, limits });
  if (replacement !== undefined) await securePlan(context, { ...replacement, store }, run, options);
  const attached = run.attempt === found.attempt;
  if (run.ownerId !== session.processId) {
    return context.leaveToOthers(store, run, {
      attached,
      ...(replacement === undefined ? {} : { built: replacement.built }),
    });
  }
  return context.supervise(store, run, {
    attached,
    frozen: false,
    ...(replacement === undefined ? {} : { built: replacement.built, environment: replacement.environment }),
  });
}

/** The run, owned by this process and open. */
async function takeUp(
  context: RunContext,
  store: Store,
  session: Session,
  found: RunRecord,
  { plan, limits }: { readonly plan: ReplacingPlan | undefined; readonly limits: SpendingLimits | null | undefined },
): Promise<RunRecord> {
  const { runId } = found;
  const run = isFinal(found.status) ? found : await takeOpenRun(context, store, session, runId, plan);
  if (!isFinal(run.status)) {
    await applyLimits({ host: context.host, store }, runId, await prepareLimits(store, run, limits));
    return run;
  }
  if (run.status === 'completed') {
    if (plan === undefined) return run; // by this command's own workers, as soon as they were there
    throw await makeCompletedError(store, run);
  }
  const place = await chooseWorkPlace(context.host, store, session, { detach: false, frozen: false });
  const prepared = await prepareLimits(store, run, limits);
  await store.runs.reopenRun(runId, { ownerId: session.processId, ...(plan === undefined ? {} : { plan }) });
  await applyLimits({ host: context.host, store }, runId, prepared);
  await store.runs.placeRun(runId, place);
  return store.runs.getRun(runId);
}

/** An open run that nobody works on; ended where it turns out that Temporal ended it, or where its plan is replaced. */
async function takeOpenRun(
  context: RunContext,
  store: Store,
  session: Session,
  runId: string,
  plan: ReplacingPlan | undefined,
): Promise<RunRecord> {
  const found = await store.runs.getRun(runId);
  // What workers do has no owner.
  if (found.workQueue === null && !(await takeRun(context, store, session, runId))) {
    const present = await store.runs.getRun(runId);
    if (isFinal(present.status)) return present;
    throw makeNotOursError(runId);
  }
  try {
    const { reconcileEnded } = await import('./reconcile-run.ts');
    const present = await reconcileEnded(session, store, await store.runs.getRun(runId));
    if (plan === undefined || isFinal(present.status)) return present;
    // Its workflow works by the old plan.
    const { endRun } = await import('./cancel-run.ts');
    await endRun(context.host, session, store, present);
    return await store.runs.getRun(runId);
  } catch (error) {
    await store.runs.releaseRun(runId, session.processId);
    throw error;
  }
}

/** Those of the file that takes the plan's place, else those that were given; undefined where they stay as they are. */
async function findNewLimits(
  store: Store,
  run: RunRecord,
  built: BuiltPlan | undefined,
  options: ResumeOptions,
): Promise<SpendingLimits | null | undefined> {
  if (built !== undefined) return pickSpendingLimits(built.plan.limits);
  const given = pickLimitOverrides(options);
  if (given === null) return undefined;
  const { limits } = await store.spending.find(run.runId);
  requireStoredPrices((await readStoredPlan(store, run)).plan, given);
  return addLimits(limits, given);
}

async function makeCompletedError(store: Store, { runId }: RunRecord): Promise<EvaluationError> {
  const tasks = await store.results.listTaskResults(runId);
  const errors = tasks.reduce((sum, { samples }) => sum + samples.errors, 0);
  return new EvaluationError(
    'usage',
    `Run ${runId} is completed; there is nothing to resume.`,
    errors === 0
      ? {}
      : { hint: `\`stet resume --errors ${runId}\` tries its failed ${errors === 1 ? 'sample' : 'samples'} again.` },
  );
}

interface Replacement {
  readonly resolved: ResolvedRun;
  readonly plan: ReplacingPlan;
  readonly built: BuiltPlan;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

async function planAnew(
  context: RunContext,
  store: Store,
  run: RunRecord,
  source: string | RunFileInput,
  options: ResumeOptions,
): Promise<Replacement> {
  const resolved = await context.resolve(source, options);
  const built = await context.build(resolved, store, { ...options, dry: false });
  checkSameWork({ ...run, tasks: await store.runs.listPlannedKeys(run.runId) }, built.plan, {
    hint: makeMismatchHint(run),
    locationOf: (key) => resolved.tasks.find((task) => task.key === key)?.location,
  });
  checkSecrets(resolved, findUsedModels(resolved));
  const plan = {
    evaluationKey: built.plan.evaluation.key,
    planDigest: built.planDigest,
    plan: await storePlan(store, built.plan),
    file: resolved.file,
    origin: await makeOrigin(context.host, resolved.file, options),
    tasks: makeTaskResults(built.plan),
  };
  return { resolved, plan, built, environment: resolved.environment };
}

const overrides = ['--set', '--only', '--num-samples', '--cache-policy'];

/** Overrides are part of a plan: those that the run was started with are needed again. */
function makeMismatchHint({ origin }: RunRecord): string {
  const start = 'Its solver outputs could not stand: run the file with `stet run`.';
  const typed = origin['arguments'];
  const words = Array.isArray(typed) ? typed.filter((word: JsonValue) => typeof word === 'string') : [];
  if (!words.some((word) => overrides.some((option) => word.startsWith(option)))) return start;
  return `${start} Or give the options again that the run was started with: \`stet ${words.join(' ')}\`.`;
}
