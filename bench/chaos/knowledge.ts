import type { CachePolicy, Verdict } from '../../contracts/cache-policy.ts';
import { nameResult, nameSolver, type Specification } from './evaluation.ts';

/** What the store holds, as far as it follows from what was done to it; names as in `evaluation.ts`. */
export interface Knowledge {
  readonly results: Map<string, Standing>;
  readonly solvers: Map<string, Standing>;
}

/** `doubtful`: it was damaged on purpose, and may or may not be found usable. */
export type Standing = 'usable' | 'doubtful';

/** What became of one task specification of one run. */
export interface Outcome {
  readonly specification: Specification;
  readonly verdict: Verdict;
}

export function createKnowledge(): Knowledge {
  return { results: new Map(), solvers: new Map() };
}

/**
 * Whether exactly that was worked on which had to be, over all runs of a round (design 3.1). Identical work wanted at
 * once is done once, whoever was killed over it; so the order of the runs does not matter.
 *
 * @returns What does not hold.
 */
export function checkVerdicts(policy: CachePolicy, outcomes: readonly Outcome[], known: Knowledge): readonly string[] {
  if (policy !== 'reuse') {
    return outcomes
      .filter(({ verdict }) => verdict !== 'none')
      .map(({ specification, verdict }) => `${nameResult(specification)} was reused (${verdict}) under ${policy}`);
  }
  const problems: string[] = [];
  const check = (name: string, what: string, times: number, standing: Standing | undefined, isWanted: boolean) => {
    const least = standing === undefined && isWanted ? 1 : 0;
    const most = standing === 'usable' ? 0 : 1;
    if (times >= least && times <= most) return;
    problems.push(`${name} was ${what} ${times} times, not ${least === most ? most : `${least} to ${most}`}`);
  };
  for (const [name, entries] of groupBy(outcomes, ({ specification }) => nameResult(specification))) {
    check(name, 'scored', entries.filter(hasScored).length, known.results.get(name), true);
  }
  for (const [name, entries] of groupBy(outcomes, ({ specification }) => nameSolver(specification))) {
    check(name, 'solved', entries.filter(hasSolved).length, known.solvers.get(name), entries.some(hasScored));
  }
  return problems;
}

/** Takes in what a round has left in the store. */
export function learn(policy: CachePolicy, outcomes: readonly Outcome[], known: Knowledge): void {
  if (policy === 'no-cache') return;
  for (const outcome of outcomes) {
    const [result, solver] = [nameResult(outcome.specification), nameSolver(outcome.specification)];
    if (hasScored(outcome)) known.results.set(result, 'usable');
    if (hasSolved(outcome)) known.solvers.set(solver, 'usable');
  }
}

/** Takes in that something of a result was damaged; solver outputs may be those of other results, too. */
export function doubt(specification: Specification, stage: 'solve' | 'score', known: Knowledge): void {
  known.results.set(nameResult(specification), 'doubtful');
  if (stage === 'score') return;
  const solver = nameSolver(specification);
  known.solvers.set(solver, 'doubtful');
  for (const name of known.results.keys()) {
    if (name.startsWith(`${solver}+`)) known.results.set(name, 'doubtful');
  }
}

export function isDoubtful(specification: Specification, known: Knowledge): boolean {
  return (
    known.results.get(nameResult(specification)) === 'doubtful' ||
    known.solvers.get(nameSolver(specification)) === 'doubtful'
  );
}

export function hasSolved({ verdict }: Outcome): boolean {
  return verdict === 'none';
}

export function hasScored({ verdict }: Outcome): boolean {
  return verdict !== 'full';
}

function groupBy<T>(values: readonly T[], nameOf: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(nameOf(value));
    if (group === undefined) groups.set(nameOf(value), [value]);
    else group.push(value);
  }
  return groups;
}
