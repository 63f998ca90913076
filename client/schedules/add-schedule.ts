import { ScheduleAlreadyRunning } from '@temporalio/client';
import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import type { Overrides } from '../../contracts/overrides.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { findUsedModels } from '../../planning/build-plan.ts';
import { checkSecrets, type ResolvedRun } from '../../planning/run-file/index.ts';
import type { ScheduleDefinition, ScheduleRecord } from '../../storage/schedule-log.ts';
import { makePlanDocument } from '../make-plan-document.ts';
import { makeRunAlerts } from '../run-alerts.ts';
import { makeOrigin, type RunContext, storePlan } from '../run-context.ts';
import { buildSound, securePlan } from '../secure-plan.ts';
import { checkSchedule } from './check-schedule.ts';
import { findNotifyTarget } from './find-notify-target.ts';
import type { AddScheduleOptions } from './schedules.ts';
import { createTemporalSchedule } from './temporal-schedule.ts';

const defaultCatchUpMs = 3_600_000;

/**
 * Makes a schedule: first in the store, with its plan and all that the plan refers to, then at Temporal. Interrupted in
 * between it is completed by whoever works on the store next.
 */
export async function addSchedule(
  context: RunContext,
  source: string | RunFileInput,
  options: AddScheduleOptions,
): Promise<ScheduleRecord> {
  checkSchedule(options);
  const resolved = await context.resolve(source, options);
  requirePolicy(resolved);
  const { host } = context;
  if (options.track === true && resolved.file === null) {
    throw new EvaluationError('usage', 'Only a run file can be tracked; this run config has none.');
  }
  const store = await host.openStore({ create: true });
  if (store === undefined) throw new EvaluationError('store-failed', 'The store could not be created.');
  const name = options.name ?? resolved.evaluation?.key ?? '';
  const isRemote = (await host.findTemporal()) === 'remote';
  if (options.track === true && isRemote) {
    throw new EvaluationError('usage', 'A file cannot be tracked where workers run elsewhere: they do not have it.', {
      hint: 'Leave --track out: the schedule then runs the plan as it is now. To change it, remove it and add it again.',
    });
  }
  const session = await host.openSession();
  const makeDocument: Parameters<typeof buildSound>[4] = (plan) => makePlanDocument(plan, store, Date.now());
  const built = await buildSound(context, resolved, store, options, makeDocument);
  const alerts = await makeRunAlerts(store, built.plan, options);
  // On a cluster they are in the environment of the workers.
  if (!isRemote) checkSecrets(resolved, findUsedModels(resolved));
  const definition: ScheduleDefinition = {
    timing: options.timing,
    timezone: options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    jitterMs: options.jitterMs ?? 0,
    overlap: options.overlap ?? 'skip',
    catchUpMs: options.catchUpMs ?? defaultCatchUpMs,
    isPaused: false,
    evaluationKey: built.plan.evaluation.key,
    planDigest: built.planDigest,
    policy: built.plan.cache_policy,
    tracks: options.track === true ? { overrides: pickOverrides(options) } : null,
    file: resolved.file,
    origin: await makeOrigin(host, resolved.file, options),
    alerts: alerts?.alerts ?? [],
    notify:
      options.notify === undefined ? null : findNotifyTarget(options.notify, resolved, { mustHaveValues: !isRemote }),
    missed: 0,
    lastFailure: null,
  };
  const plan = await storePlan(store, built.plan);
  await store.schedules.create({ name, definition, plan, baseline: alerts?.baseline ?? null });
  try {
    // After it is registered: garbage collection keeps what it finds from now on.
    await securePlan(context, { resolved, store, built }, { plan }, options);
    const schedule = await store.schedules.get(name);
    await createTemporalSchedule(session, schedule);
    return schedule;
  } catch (error) {
    await store.schedules.remove(name);
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    throw new EvaluationError('schedule-exists', `Temporal has a schedule "${name}" of this store already.`, {
      hint: `Remove it with \`stet schedule remove ${name}\`, or give this one another --name.`,
      cause: error,
    });
  }
}

/** Under `reuse` an unchanged night sends nothing, under `update` it pays for everything again: only its author knows. */
export function requirePolicy(resolved: ResolvedRun): void {
  if (resolved.declaresPolicy) return;
  const location = resolved.locate(['run_config']);
  throw new ConfigurationError([
    new EvaluationError(
      'config-invalid',
      'A schedule needs to know its cache policy, and the run file declares none.',
      {
        hint: 'Say --cache-policy, or write run_config.cache_policy: "update" measures everything anew at each firing, as one wants for drift; under "reuse" an unchanged plan stands and nothing is measured.',
        ...(location === undefined ? {} : { location }),
      },
    ),
  ]);
}

function pickOverrides(options: AddScheduleOptions): Overrides {
  const { set, only, numSamples, cachePolicy, maxQueries, maxCost, maxTokens, maxDurationS } = options;
  return {
    ...(set === undefined ? {} : { set }),
    ...(only === undefined ? {} : { only }),
    ...(numSamples === undefined ? {} : { numSamples }),
    ...(cachePolicy === undefined ? {} : { cachePolicy }),
    ...(maxQueries === undefined ? {} : { maxQueries }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(maxDurationS === undefined ? {} : { maxDurationS }),
  };
}
