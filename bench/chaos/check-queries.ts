import type { Books, Delivery } from './service-protocol.ts';

export interface QueryExpectation {
  /** How often each question has to be answered for the work that was done. */
  readonly expected: ReadonlyMap<string, number>;
  /** How often it may be asked beyond that, because something was damaged on purpose. */
  readonly tolerated: ReadonlyMap<string, number>;
  /** Processes that died by `kill -9`. */
  readonly killed: ReadonlySet<string>;
  /** Queries that one process can have in flight. */
  readonly mostInFlight: number;
}

export interface QueryFigures {
  /** Queries that had to be answered, and how many of them were. */
  readonly expected: number;
  readonly answered: number;
  /** Sent again though there had been, or would have been, an answer; faults of the service do not count. */
  readonly resent: number;
  /** What `resent` may be: for each killed process what it can have had in flight. */
  readonly bound: number;
  /** Broken off by the death of whoever asked. */
  readonly cut: number;
  readonly faulted: number;
  /** The most answers that one killed process can be shown to have lost. */
  readonly mostLostInOneKill: number;
}

const mostProblems = 20;

/**
 * Compares what the service was asked with what it had to be asked.
 *
 * A process may lose what it had in flight, and an answer counts as in flight until it is on disk: the engine gives up
 * its leave to send only then. So a killed process loses `mostInFlight` answers at most, and no other process any.
 */
export function checkQueries(
  books: Books,
  expectation: QueryExpectation,
): { readonly figures: QueryFigures; readonly problems: readonly string[] } {
  const { expected, tolerated, killed, mostInFlight } = expectation;
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
    const losers = heard.filter(({ process }) => killed.has(process));
    if (losers.length < resent) {
      problems.push(`sent again without need: ${question}, ${describe(heard)}`);
    } else if (times + spare === 1) {
      // Which answer was lost can be told where one is needed: all but the last.
      for (const { process } of heard.slice(0, -1)) lost.set(process, (lost.get(process) ?? 0) + 1);
    }
  }

  const bound = killed.size * mostInFlight;
  if (sum.resent > bound) problems.push(`re-sent: ${sum.resent} queries, which is more than ${bound}`);
  for (const [process, losses] of lost) {
    if (killed.has(process) && losses <= mostInFlight) continue;
    const [fate, most] = killed.has(process) ? ['killed', mostInFlight] : ['not killed', 0];
    problems.push(`re-sent: ${losses} queries of ${process}, which was ${fate}; ${most} can have been in flight`);
  }
  const figures = { ...sum, bound, mostLostInOneKill: Math.max(0, ...lost.values()) };
  return { figures, problems: shorten(problems) };
}

/** Sums of several rounds; of the losses in one kill the most. */
export function addFigures(one: QueryFigures, other: QueryFigures): QueryFigures {
  return {
    expected: one.expected + other.expected,
    answered: one.answered + other.answered,
    resent: one.resent + other.resent,
    bound: one.bound + other.bound,
    cut: one.cut + other.cut,
    faulted: one.faulted + other.faulted,
    mostLostInOneKill: Math.max(one.mostLostInOneKill, other.mostLostInOneKill),
  };
}

export const noFigures: QueryFigures = {
  expected: 0,
  answered: 0,
  resent: 0,
  bound: 0,
  cut: 0,
  faulted: 0,
  mostLostInOneKill: 0,
};

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
