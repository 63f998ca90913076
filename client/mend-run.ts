import type { CachePolicy } from '../contracts/cache-policy.ts';
import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { digestJson } from '../evaluation/fingerprint/digest.ts';
import { pickLimitOverrides } from '../evaluation/limits/limit-overrides.ts';
import { addLimits, pickSpendingLimits } from '../evaluation/limits/spending-limits.ts';
import type { Plan } from '../evaluation/plan.ts';
import { makePlanDigest } from '../planning/plan-digest.ts';
import { stages } from '../storage/journal.ts';
import type { TaskResultRecord } from '../storage/result-index.ts';
import type { Mending, RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Session } from './host.ts';
import { makeId } from './make-id.ts';
import { makeNotOursError, makeOrigin, type RunContext, storePlan, takeRun } from './run-context.ts';
import { applyLimits, prepareLimits, requireStoredPrices } from './run-limits.ts';
import type { ResumeOptions, RunHandle } from './stet.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Tries the failed samples of a completed run again, in a run of its own. It looks nothing up, since what it would find is
 * what it mends, and its results replace that. Interrupted, it is taken up by the same call.
 */
export async function mendRun(
  context: RunContext,
  store: Store,
  source: RunRecord,
  options: ResumeOptions,
): Promise<RunHandle> {
  const tasks = await store.results.listTaskResults(source.runId);
  if (tasks.every(({ samples }) => samples.errors === 0)) {
    throw new EvaluationError('usage', `Run ${source.runId} has no failed samples; there is nothing to try again.`);
  }
  const policy: CachePolicy = source.policy === 'no-cache' ? 'no-cache' : 'update';
  const stored = JSON.parse(new TextDecoder().decode(await store.content.get(source.plan))) as Plan;
  const plan: Plan = { ...stored, cache_policy: policy };
  const planDigest = makeMendingDigest(plan, source.runId);
  const limits = addLimits(pickSpendingLimits(plan.limits), pickLimitOverrides(options));
  requireStoredPrices(plan, limits);
  const built = { plan, planDigest, warnings: [] };
  const session = await untilAborted(options.signal, () => context.host.openSession());
  const open = await takeUpOpenMending(context, store, session, planDigest);
  if (open !== undefined) {
    await applyLimits({ host: context.host, store }, open.runId, await prepareLimits(store, open, limits));
    return context.supervise(store, open, { attached: true, frozen: false, built });
  }
  const mendings: Mending[] = [];
  for (const { taskResultId, reuse, reusedFrom } of tasks) {
    const holder = reuse === 'full' && reusedFrom !== null ? reusedFrom : taskResultId;
    mendings.push({ taskResultId: makeId(), mends: taskResultId, lost: await listLostSegments(store, holder) });
  }
  const envFile = source.origin['env_file'];
  const run = {
    runId: makeId(),
    evaluationKey: source.evaluationKey,
    label: null,
    planDigest,
    plan: await storePlan(store, plan),
    policy,
    limits,
    ownerId: session.processId,
    file: source.file,
    origin: await makeOrigin(context.host, source.file, {
      ...options,
      ...(typeof envFile === 'string' ? { envFile } : {}),
    }),
    startedAt: new Date().toISOString(),
    mends: source.runId,
  };
  options.signal?.throwIfAborted();
  await store.runs.createMendingRun(run, mendings);
  return context.supervise(store, await store.runs.getRun(run.runId), { attached: false, frozen: false, built });
}

/** Unlike that of any run of a file, which must never attach to this. */
function makeMendingDigest(plan: Plan, mends: string): Digest {
  return digestJson('stet-mending', { plan: makePlanDigest(plan), mends });
}

async function takeUpOpenMending(
  context: RunContext,
  store: Store,
  session: Session,
  planDigest: Digest,
): Promise<RunRecord | undefined> {
  const newest = await store.runs.findNewestRun(planDigest);
  if (newest === undefined || isFinal(newest.status)) return undefined;
  if (!(await takeRun(context, store, session, newest.runId))) throw makeNotOursError(newest.runId);
  const { reconcileEnded } = await import('./reconcile-run.ts');
  const present = await reconcileEnded(session, store, newest);
  return isFinal(present.status) ? undefined : present;
}

async function listLostSegments(
  store: Store,
  taskResultId: TaskResultRecord['taskResultId'],
): Promise<Mending['lost']> {
  const lost: { readonly stage: 'solve' | 'score'; readonly segmentIndex: number }[] = [];
  for (const stage of stages) {
    for (const { segmentIndex, blob } of await store.results.listSegments(taskResultId, stage)) {
      if ((await store.content.findSize(blob.digest)) !== blob.sizeBytes) lost.push({ stage, segmentIndex });
    }
  }
  return lost;
}
