import type { Books, Delivery } from './service-protocol.ts';

export interface QueryExpectation {
  /** How often each question has to be answered for the work that was done. */
  readonly expected: ReadonlyMap<string, number>;
  /** How often it may be asked beyond that, because something was damaged on purpose. */
  readonly tolerated: ReadonlyMap<string, number>;
  /** Processes that may have lost what they had in flight, and how often: a `kill -9` is once. */
  readonly losses: ReadonlyMap<string, number>;
  /** Those that stood still so long that others went on with their work; awake again they end what they had begun. */
  readonly sleepers?: ReadonlySet<string>;
  /** Queries that one process can have in flight. */
  readonly mostInFlight: number;
}

export interface QueryFigures {
  /** Queries that had to be answered, and how many of them were. */
  readonly expected: number;
  readonly answered: number;
  /** Sent again though there had been, or would have been, an answer; faults of the service do not count. */
  readonly resent: number;
  /** What `resent` may be: for each loss what the process can have had in flight. */
  readonly bound: number;
  /** Broken off by the death of whoever asked. */
  readonly cut: number;
  readonly faulted: number;
  /** The most answers that one process can be shown to have lost. */
  readonly mostLost: number;
}

const mostProblems = 20;

/**
 * Compares what the service was asked with what it had to be asked.
 *
 * A process may lose what it had in flight, and an answer counts as in flight until it is on disk: the engine gives up
 * its leave to send only then. So a process loses `mostInFlight` answers at most each time, and most processes never any.
 */
export function checkQueries(
  books: Books,
  expectation: QueryExpectation,
): { readonly figures: QueryFigures; readonly problems: readonly string[] } {
  const { expected, tolerated, losses, sleepers = new Set(), mostInFlight } = expectation;
  const mayLose = (process: string) => (losses.get(process) ?? 0) * mostInFlight;
  const problems: string[] = [...books.oddities];
  const lost = new Map<string, number>();
  const sum = { expected: 0, answered: 0, resent: 0, cut: 0, faulted: 0 };

  for (const [question, times] of expected) {
    sum.expected += times;
    const answered = count(books.questions[question] ?? [], 'answered');
    sum.answered += Math.min(answered, times);
    if (answered < times) problems.push(`missing: ${question} was answered ${answered} times, not ${times}`);
  }
  for (const [question, deliveries] of Object.entries(books.questions)) {
    sum.cut += count(deliveries, 'cut');
    sum.faulted += count(deliveries, 'faulted');
    const times = expected.get(question) ?? 0;
    const spare = tolerated.get(question) ?? 0;
    const heard = deliveries.filter(({ end }) => end !== 'faulted');
    if (times + spare === 0) problems.push(`unexpected: ${question} was asked ${deliveries.length} times`);
    const resent = Math.max(0, heard.length - times - spare);
    if (resent === 0) continue;
    sum.resent += resent;
    const losers = heard.filter(({ process }) => losses.has(process));
    if (losers.length < resent) {
      problems.push(`sent again without need: ${question}, ${describe(heard)}`);
    } else if (times + spare === 1) {
      for (const process of findLosers(heard, losses, sleepers)) lost.set(process, (lost.get(process) ?? 0) + 1);
    }
  }

  const bound = [...losses.keys()].reduce((total, process) => total + mayLose(process), 0);
  if (sum.resent > bound) problems.push(`re-sent: ${sum.resent} queries, which is more than ${bound}`);
  for (const [process, answers] of lost) {
    if (answers <= mayLose(process)) continue;
    problems.push(`re-sent: ${answers} queries of ${process}, which can have lost ${mayLose(process)}`);
  }
  const figures = { ...sum, bound, mostLost: Math.max(0, ...lost.values()) };
  return { figures, problems: shorten(problems) };
}

/** Sums of several rounds; of what one process lost the most. */
export function addFigures(one: QueryFigures, other: QueryFigures): QueryFigures {
  return {
    expected: one.expected + other.expected,
    answered: one.answered + other.answered,
    resent: one.resent + other.resent,
    bound: one.bound + other.bound,
    cut: one.cut + other.cut,
    faulted: one.faulted + other.faulted,
    mostLost: Math.max(one.mostLost, other.mostLost),
  };
}

export const noFigures: QueryFigures = {
  expected: 0,
  answered: 0,
  resent: 0,
  bound: 0,
  cut: 0,
  faulted: 0,
  mostLost: 0,
};

/**
 * Whose answers were lost where one is needed: all but the last. Only a sleeper that wakes up may ask last and in vain,
 * after the one that counts.
 */
function findLosers(
  heard: readonly Delivery[],
  losses: ReadonlyMap<string, number>,
  sleepers: ReadonlySet<string>,
): readonly string[] {
  const earlier = heard.slice(0, -1).map(({ process }) => process);
  const last = heard.at(-1)?.process;
  if (last === undefined || !sleepers.has(last)) return earlier;
  return earlier.map((process) => (losses.has(process) ? process : last));
}

function count(deliveries: readonly Delivery[], end: Delivery['end']): number {
  return deliveries.filter((delivery) => delivery.end === end).length;
}

function describe(deliveries: readonly Delivery[]): string {
  return deliveries.map(({ process, end }) => `${end} to ${process}`).join(', ');
}

function shorten(problems: readonly string[]): readonly string[] {
  if (problems.length <= mostProblems) return problems;
  return [...problems.slice(0, mostProblems), `and ${problems.length - mostProblems} more`];
}
