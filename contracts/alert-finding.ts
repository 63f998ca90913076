/**
 * What became of an alert: it fired; it was quiet; there was nothing yet to compare with; or it could not be judged, which
 * counts like firing, since a gate that nobody can check is not passed.
 */
export const alertVerdicts = ['fired', 'quiet', 'no-baseline', 'unjudged'] as const;
export type AlertVerdict = (typeof alertVerdicts)[number];

/** What one alert found in one task of a run; as documents print it and the store keeps it. */
export type AlertFinding = {
  readonly alert: string;
  /** Key of the task specification; null where none has the metric. */
  readonly task: string | null;
  readonly metric: string;
  readonly verdict: AlertVerdict;
  /** The metric in this run. */
  readonly value: number | null;
  readonly baseline_run: string | null;
  /** The metric in the baseline. */
  readonly baseline_value: number | null;
  /** Over the samples that both runs have; null for an alert about the value itself. */
  readonly difference: AlertDifference | null;
  /** For people. */
  readonly sentence: string;
};

export type AlertDifference = {
  readonly estimate: number;
  /** Both ends at a two-sided level of 95 %. */
  readonly interval: readonly [lower: number, upper: number];
  readonly pairs: number;
  readonly method: 'paired-t' | 'agresti-min' | 'jackknife';
};

/** Alerts of a run; `findings` is null until they have been judged. */
export type RunAlerts = {
  readonly alerts: readonly string[];
  /** `previous`, `first`, or the id of a run. */
  readonly baseline: string;
  readonly findings: readonly AlertFinding[] | null;
};

/** Whether a finding closes a gate: the run is marked, notified, and exits with 3. */
export function isRaised({ verdict }: Pick<AlertFinding, 'verdict'>): boolean {
  return verdict === 'fired' || verdict === 'unjudged';
}
