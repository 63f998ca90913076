import type { RunDocument, RunSummaryDocument } from '../../client/run-document.ts';
import { openStet } from '../../embedded/index.ts';
import type { ReportedTask } from './check-documents.ts';
import type { Evaluation } from './evaluation.ts';
import type { Outcome } from './knowledge.ts';
import { runCommandJson } from './run-command.ts';

/** More runs than a store comes to before it is left. */
const limit = 10_000;

/** The runs of a store that are not among those known, oldest first. */
export async function readNewRuns(store: string, known: ReadonlySet<string>): Promise<readonly RunDocument[]> {
  const stet = await openStet({ store });
  try {
    const runs: RunDocument[] = [];
    for (const { run } of await stet.list({ limit })) {
      if (!known.has(run)) runs.unshift(await stet.show(run));
    }
    return runs;
  } finally {
    await stet.close();
  }
}

/** Puts each task of the runs beside its specification. */
export function matchTasks(runs: readonly RunDocument[], evaluations: readonly Evaluation[]): readonly ReportedTask[] {
  return runs.flatMap((run) => {
    const specifications = evaluations.find(({ key }) => key === run.evaluation)?.specifications ?? [];
    return run.tasks.map((task) => {
      const specification = specifications.find(({ key }) => key === task.key);
      if (specification === undefined) throw new Error(`Run ${run.run} has a task nobody asked for: ${task.key}.`);
      return { run, task, specification };
    });
  });
}

/** What was decided for each task; of one without a decision nothing is known. */
export function listOutcomes(tasks: readonly ReportedTask[]): readonly Outcome[] {
  return tasks.flatMap(({ task, specification }) =>
    task.reuse === null ? [] : [{ specification, verdict: task.reuse }],
  );
}

/** @returns What does not hold of the list that a person would see. */
export async function checkList(
  store: string,
  folder: string,
  expected: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { runs } = await runCommandJson<{ readonly runs: readonly RunSummaryDocument[] }>(
    ['list', '--limit', String(limit), '--store', store],
    folder,
  );
  const starts = runs.map(({ started_at }) => started_at);
  const missing = [...expected].filter((run) => !runs.some((listed) => listed.run === run));
  return [
    ...missing.map((run) => `list does not show run ${run}`),
    ...runs
      .filter(({ status, has_owner }) => status !== 'completed' || has_owner)
      .map(({ run, status, has_owner }) => `list shows run ${run} as ${status}${has_owner ? ', with an owner' : ''}`),
    ...(JSON.stringify(starts) === JSON.stringify(starts.toSorted().reverse()) ? [] : ['list is not newest first']),
  ];
}
