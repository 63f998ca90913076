import type { PlannedTaskSpecification } from '../../evaluation/plan.ts';
import { getSolverKind } from '../../evaluation/solvers/index.ts';
import type { Purpose } from '../../evaluation/usage/usage.ts';

/** Queries to one model for one purpose. */
export interface ExpectedEntry {
  readonly model: string;
  readonly purpose: Purpose;
  /** Those that would be sent. */
  readonly sent: number;
  /** Those in whose place a single answer stands (`reuse.answers`). */
  readonly stood: number;
  /** Those that full and partial reuse make unnecessary. */
  readonly saved: number;
}

/** What of a task needs no work: nothing, its solver outputs, or all of it. */
export type Standing = 'nothing' | 'outputs' | 'all';

/** Queries that one sample needs without errors, retries and re-asks. */
export function countQueriesOfSample(task: PlannedTaskSpecification): {
  readonly solver: number;
  readonly judges: number;
} {
  const entries = listQueriesOfSample(task);
  const sum = (purpose: Purpose) =>
    entries.reduce((total, entry) => total + (entry.purpose === purpose ? entry.queries : 0), 0);
  return { solver: sum('solver'), judges: sum('judge') };
}

/** The same by model: one query per trial for the solver, and for each scorer that asks. */
function listQueriesOfSample({
  definition,
  model_key: modelKey,
  run_config: { num_trials: trials },
}: PlannedTaskSpecification): readonly {
  readonly model: string;
  readonly purpose: Purpose;
  readonly queries: number;
}[] {
  const judges = new Map<string, number>();
  for (const scorer of definition.scorers) {
    if ('model_key' in scorer) judges.set(scorer.model_key, (judges.get(scorer.model_key) ?? 0) + trials);
  }
  const asksModel = modelKey !== undefined && getSolverKind(definition.solver.type).usesModel;
  return [
    ...(asksModel ? [{ model: modelKey, purpose: 'solver' as const, queries: trials }] : []),
    ...[...judges].map(([model, queries]) => ({ model, purpose: 'judge' as const, queries })),
  ];
}

/** What is known of the samples of a task beforehand. */
export interface KnownSamples {
  /** Those that an open run has behind it, which this one would take up. */
  readonly done?: { readonly solve: number; readonly score: number };
  /** Those of the solver outputs that stand which have failed: nobody judges them. */
  readonly failed?: number;
}

/** Queries of a run without errors, retries and re-asks: one per sample and trial for the solver and for each judge. */
export function expectEntries(
  task: PlannedTaskSpecification,
  standing: Standing,
  { done = { solve: 0, score: 0 }, failed = 0 }: KnownSamples = {},
): readonly ExpectedEntry[] {
  const total = task.dataset.count;
  return listQueriesOfSample(task).map(({ model, purpose, queries }) => {
    if (standing === 'all' || (standing === 'outputs' && purpose === 'solver')) {
      return { model, purpose, sent: 0, stood: 0, saved: queries * total };
    }
    const behind = purpose === 'solver' ? done.solve : Math.max(done.score, failed);
    const missing = Math.max(0, total - behind);
    return {
      model,
      purpose,
      sent: queries * missing,
      stood: 0,
      saved: queries * (purpose === 'solver' ? done.solve : done.score),
    };
  });
}

/** The same where single answers stand: what was counted takes the place of what would be sent. */
export function withStoodAnswers(
  entries: readonly ExpectedEntry[],
  counted: readonly Pick<ExpectedEntry, 'model' | 'purpose' | 'sent' | 'stood'>[],
): readonly ExpectedEntry[] {
  return entries.map((entry) => {
    const found = counted.find(({ model, purpose }) => model === entry.model && purpose === entry.purpose);
    return { ...entry, sent: found?.sent ?? 0, stood: found?.stood ?? 0 };
  });
}
