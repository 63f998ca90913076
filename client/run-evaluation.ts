import type { RunAlerts } from '../contracts/alert-finding.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { pickSpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import { type BuiltPlan, findUsedModels } from '../planning/build-plan.ts';
import { makeTaskResults } from '../planning/make-task-results.ts';
import { checkSecrets, type ResolvedRun } from '../planning/run-file/index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { chooseWorkPlace, type WorkPlace } from './choose-work-place.ts';
import { findResumable } from './find-resumable.ts';
import type { Host, Session } from './host.ts';
import { makeId } from './make-id.ts';
import { makePlanDocument } from './make-plan-document.ts';
import { planOnly } from './plan/plan-only.ts';
import { makeRunAlerts, withAlerts } from './run-alerts.ts';
import { makeOrigin, type RunContext, storePlan, takeRun } from './run-context.ts';
import type { PlanDocument } from './run-document.ts';
import { applyLimits, prepareLimits } from './run-limits.ts';
import { buildSound, securePlan } from './secure-plan.ts';
import type { RunHandle, RunOptions } from './stet.ts';
import { untilAborted } from './until-aborted.ts';

interface Prepared {
  readonly resolved: ResolvedRun;
  readonly store: Store;
  readonly session: Session;
  readonly built: BuiltPlan;
  readonly document: PlanDocument;
  readonly alerts: RunAlerts | null;
  /** Open runs that nobody worked on before this command's workers were there. */
  readonly left: readonly RunRecord[];
}

/**
 * Runs a plan: goes on with an open run of it that nobody works on, else, where that is wished, with the newest one where
 * that has failed or was cancelled, else starts a new one.
 */
export async function runEvaluation(
  context: RunContext,
  source: string | RunFileInput,
  options: RunOptions,
): Promise<RunHandle> {
  const { signal, frozen = false, detach = false } = options;
  const prepared = await untilAborted(signal, () => prepare(context, source, options));
  const { resolved, store, session, built, alerts } = prepared;
  const { environment } = resolved;
  const goOn = async (run: RunRecord, attached: boolean) => {
    await securePlan(context, prepared, run, options);
    const handle =
      run.ownerId !== session.processId
        ? await context.leaveToOthers(store, run, { attached, built })
        : await context.supervise(store, run, { attached, frozen, built, environment });
    return alerts === null ? handle : withAlerts(store, handle, alerts);
  };
  const findPlace = () => chooseWorkPlace(context.host, store, session, { detach, frozen });
  const forDetached = detach ? await findPlace() : undefined; // refused before anything is changed
  const open = await takeUpOpenRun(context, prepared, signal);
  if (open !== undefined) {
    await changeLimits(context, store, open, built);
    return goOn(detach ? await letGo(store, session, open) : open, true);
  }
  const resumed = await resumeIfWished(context, prepared, options);
  const place = forDetached ?? (await findPlace());
  if (resumed === undefined) return goOn(await createRun(context, prepared, place, options), false);
  await store.runs.placeRun(resumed.runId, place);
  return goOn(await store.runs.getRun(resumed.runId), false);
}

/** Limits make no run another one: those that were given last are the ones that hold. */
async function changeLimits({ host }: RunContext, store: Store, run: RunRecord, { plan }: BuiltPlan): Promise<void> {
  if (isFinal(run.status)) return;
  const prepared = await prepareLimits(store, run, pickSpendingLimits(plan.limits));
  await applyLimits({ host, store }, run.runId, prepared);
}

/** Everything before there is a run; may be given up at any point. */
async function prepare(context: RunContext, source: string | RunFileInput, options: RunOptions): Promise<Prepared> {
  const { host } = context;
  const { signal } = options;
  const resolved = await context.resolve(source, options);
  if (options.frozen === true) await refuseIfQueriesNeeded(context, resolved, options);
  signal?.throwIfAborted();
  // Where there is a store, Temporal comes up while the plan is made; a first command may still turn out to be wrong.
  const existing = await host.openStore({ create: false });
  const left = existing === undefined ? [] : await findLeftRuns(host, existing);
  if (existing !== undefined) host.openSession().catch(() => undefined);
  const store = await openOrCreate(host);
  const makeDocument = (built: BuiltPlan) => makePlanDocument(built, store, Date.now());
  const built = await buildSound(context, resolved, store, options, makeDocument);
  const document = await makeDocument(built);
  const alerts = await makeRunAlerts(store, built.plan, options);
  if (document.tasks.some((task) => task.reuse !== 'full')) await checkOwnSecrets(host, resolved, options);
  signal?.throwIfAborted();
  return { resolved, store, session: await host.openSession(), built, document, alerts, left };
}

/** What this process would need to do the work itself; where workers do it, they need it. */
async function checkOwnSecrets(host: Host, resolved: ResolvedRun, { detach, frozen }: RunOptions): Promise<void> {
  try {
    checkSecrets(resolved, findUsedModels(resolved));
  } catch (error) {
    const mayBeLeft = detach === true || (frozen !== true && (await host.findTemporal()) === 'remote');
    if (!mayBeLeft || (await (await host.openSession()).findSharedWorkers()) !== 'present') throw error;
  }
}

async function findLeftRuns(host: Host, store: Store): Promise<readonly RunRecord[]> {
  const processes = await store.runs.listProcesses();
  const alive = new Set(processes.filter((one) => host.isProcessAlive(one)).map(({ processId }) => processId));
  const open = await store.runs.findOpenRuns();
  return open.filter(({ ownerId }) => ownerId === null || !alive.has(ownerId));
}

async function openOrCreate(host: Host): Promise<Store> {
  const store = await host.openStore({ create: true });
  if (store === undefined) throw new EvaluationError('store-failed', 'The store could not be created.');
  return store;
}

async function refuseIfQueriesNeeded(context: RunContext, resolved: ResolvedRun, options: RunOptions): Promise<void> {
  const document = await planOnly(context, resolved, options);
  const { sent } = document.model_queries;
  if (sent === 0) return;
  const keys = document.tasks.filter((task) => task.model_queries.sent > 0).map((task) => task.key);
  throw new EvaluationError(
    'frozen',
    `${sent} queries would have to be sent for ${keys.join(', ')}; the run is frozen.`,
    {
      hint: 'Run without --frozen, or see `stet plan` for the reasons.',
    },
  );
}

/** One that was ended from Temporal's side while nobody was there is recorded as what that means, and left alone. */
async function takeUpOpenRun(
  context: RunContext,
  { store, session, built, left }: Prepared,
  signal: AbortSignal | undefined,
): Promise<RunRecord | undefined> {
  // What talks to Temporal is loaded when a run needs it: it takes longer than a plan or a list.
  const { reconcileEnded } = await import('./reconcile-run.ts');
  for (const open of await store.runs.findOpenRuns()) {
    signal?.throwIfAborted();
    if (open.planDigest !== built.planDigest) continue;
    // What workers do has no owner, and is followed.
    if (open.workQueue === null && !(await takeRun(context, store, session, open.runId))) continue;
    const present = await reconcileEnded(session, store, await store.runs.getRun(open.runId));
    if (!isFinal(present.status)) return present;
  }
  // One that had nothing left to do but to be published or closed may have got that from this command's own workers, while
  // the plan was made. It is what the command went on with all the same; without this, `no-cache` would pay for all again.
  for (const { runId, planDigest } of left) {
    if (planDigest !== built.planDigest) continue;
    const present = await store.runs.getRun(runId);
    if (present.status === 'completed') return present;
  }
  return undefined;
}

/** Whoever works on detached runs takes it up: it keeps its own queue, which its workflow may know already. */
async function letGo(store: Store, session: Session, run: RunRecord): Promise<RunRecord> {
  await store.runs.releaseRun(run.runId, session.processId);
  return store.runs.getRun(run.runId);
}

async function resumeIfWished(
  context: RunContext,
  { resolved, store, session, built, document }: Prepared,
  options: RunOptions,
): Promise<RunRecord | undefined> {
  const { resume = 'new', signal } = options;
  if (resume === 'new') return undefined;
  const found = await findResumable(store, built, document);
  if (found === undefined) return undefined;
  const choice = resume === 'resume' ? resume : await untilAborted(signal, async () => resume(found));
  if (choice === 'new') return undefined;
  const limits = await prepareLimits(store, await store.runs.getRun(found.run), pickSpendingLimits(built.plan.limits));
  const plan = await storePlan(store, built.plan);
  const origin = await makeOrigin(context.host, resolved.file, options);
  signal?.throwIfAborted();
  // The file as it is now: what counts in no key, such as limits and pace, may have been mended since.
  const reopened = await store.runs.reopenRun(found.run, {
    ownerId: session.processId,
    plan: {
      evaluationKey: built.plan.evaluation.key,
      planDigest: built.planDigest,
      plan,
      file: resolved.file,
      origin,
      tasks: makeTaskResults(built.plan),
    },
  });
  await applyLimits({ host: context.host, store }, found.run, limits);
  return reopened;
}

async function createRun(
  { host }: RunContext,
  { resolved, store, alerts, built: { plan, planDigest } }: Prepared,
  place: WorkPlace,
  options: RunOptions,
): Promise<RunRecord> {
  const runId = makeId();
  const run = {
    runId,
    evaluationKey: plan.evaluation.key,
    label: options.label ?? null,
    planDigest,
    plan: await storePlan(store, plan),
    policy: plan.cache_policy,
    limits: pickSpendingLimits(plan.limits),
    ...place,
    file: resolved.file,
    origin: await makeOrigin(host, resolved.file, options),
    startedAt: new Date().toISOString(),
    alerts,
  };
  options.signal?.throwIfAborted();
  await store.runs.createRun(run, makeTaskResults(plan));
  return store.runs.getRun(runId);
}
