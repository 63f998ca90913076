import type { RunAlerts } from '../contracts/alert-finding.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { isFinal } from '../contracts/status.ts';
import { checkAlert } from '../evaluation/alerts/find-targets.ts';
import { parseAlert } from '../evaluation/alerts/parse-alert.ts';
import type { Plan } from '../evaluation/plan.ts';
import { judgeAlerts } from '../planning/judge-alerts.ts';
import type { Store } from '../storage/store.ts';
import { makeRunDocument } from './make-run-document.ts';
import type { RunHandle } from './stet.ts';

/**
 * The alerts of a run that is about to begin; null where there are none.
 *
 * @throws {EvaluationError} `usage`, before anything is spent; `run-not-found` for a baseline that is no run.
 */
export async function makeRunAlerts(
  store: Store | undefined,
  plan: Plan,
  { alerts = [], baseline }: { readonly alerts?: readonly string[]; readonly baseline?: string },
): Promise<RunAlerts | null> {
  if (alerts.length === 0) {
    if (baseline === undefined) return null;
    throw new EvaluationError('usage', 'A baseline is what alerts compare with, and there is no alert.', {
      hint: 'Add one, such as --alert "accuracy < -0.02".',
    });
  }
  const parsed = alerts.map((text) => parseAlert(text));
  for (const alert of parsed) checkAlert(alert, plan.tasks);
  return {
    alerts: parsed.map(({ text }) => text),
    baseline: await findBaseline(store, baseline ?? 'previous'),
    findings: null,
  };
}

/** `previous`, `first`, or the id of the run that is meant. */
export async function findBaseline(store: Store | undefined, reference: string): Promise<string> {
  if (reference === 'previous' || reference === 'first') return reference;
  if (store === undefined) {
    throw new EvaluationError('run-not-found', `There is no store here, so there is no run "${reference}".`);
  }
  const run = await store.runs.getRun(reference);
  if (isFinal(run.status)) return run.runId;
  throw new EvaluationError('usage', `Run ${run.runId} is ${run.status}: there is nothing to compare with yet.`);
}

/** Judges the alerts of whoever went on with a run that had begun without them, or with others. */
export function withAlerts(store: Store, handle: RunHandle, alerts: RunAlerts): RunHandle {
  return {
    ...handle,
    async result() {
      const document = await handle.result();
      if (document.status !== 'completed') return document;
      const run = await store.runs.getRun(handle.id);
      const isJudged =
        run.alerts !== null && String(run.alerts.alerts) === String(alerts.alerts) && run.alerts.findings !== null;
      if (isJudged) return document;
      const findings = await judgeAlerts(store, run, alerts);
      if (run.alerts === null) await store.schedules.recordAlerts(run.runId, { ...alerts, findings });
      return { ...(await makeRunDocument(store, run)), alerts: findings };
    },
  };
}
