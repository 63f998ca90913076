import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { RunFileInput } from '../evaluation/spec/run-file.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import type { ResolvedRun } from '../planning/run-file/index.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { describeOrigin } from './describe-origin.ts';
import type { FollowOptions } from './follow-others.ts';
import type { Host, Session } from './host.ts';
import type { PlanOptions, RunHandle } from './stet.ts';
import type { SuperviseOptions } from './supervise-run.ts';

/** What the ways to begin or go on with a run share. */
export interface RunContext {
  readonly host: Host;
  resolve(source: string | RunFileInput, options: PlanOptions): Promise<ResolvedRun>;
  /** Without a store, or `dry`, nothing is written: blobs are only digested. */
  build(
    resolved: ResolvedRun,
    store: Store | undefined,
    options: PlanOptions & { readonly dry: boolean },
  ): Promise<BuiltPlan>;
  supervise(store: Store, run: RunRecord, more: Omit<SuperviseOptions, 'host' | 'store' | 'run'>): Promise<RunHandle>;
  /** Starts the workflow of a run that others are to work on, or finds it started, and follows it. */
  leaveToOthers(store: Store, run: RunRecord, more: Pick<FollowOptions, 'attached' | 'built'>): Promise<RunHandle>;
}

/** Makes this process the owner; false where a live one is. */
export function takeRun({ host }: RunContext, store: Store, session: Session, runId: string): Promise<boolean> {
  return store.runs.takeRun(runId, session.processId, (owner) => host.isProcessAlive(owner));
}

export function makeNotOursError(runId: string): EvaluationError {
  return new EvaluationError('usage', `Run ${runId} is being worked on by another process.`, {
    hint: `Look at it with \`stet show ${runId}\`, or end it with \`stet cancel ${runId}\`.`,
  });
}

export async function storePlan(store: Store, plan: Plan): Promise<RunRecord['plan']> {
  return (await store.content.put(new TextEncoder().encode(JSON.stringify(plan)))).digest;
}

/** Where a run comes from, as it is recorded; the environment file by its name, never its content. */
export async function makeOrigin(
  host: Host,
  file: string | null,
  options: { readonly arguments?: readonly string[]; readonly envFile?: string },
): Promise<JsonObject> {
  const folder = file === null ? host.workingDirectory : path.dirname(file);
  return {
    ...(await describeOrigin(folder, options.arguments ?? [])),
    env_file: options.envFile === undefined ? null : path.resolve(host.workingDirectory, options.envFile),
  };
}
