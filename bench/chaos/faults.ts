import { unitOf } from './random.ts';

/** What a service does to a request in place of answering it. */
export type Fault = 'overloaded' | 'overloaded-retry-after' | 'broken' | 'unavailable' | 'reset' | 'cut-off';

const faultShare = 0.012;
/** A question meets a fault on its first arrivals at most: no sample runs out of retries, whatever the kills. */
const faultyArrivals = 2;
const kinds: readonly (readonly [Fault, number])[] = [
  ['overloaded', 0.3],
  ['overloaded-retry-after', 0.33],
  ['broken', 0.5],
  ['unavailable', 0.65],
  ['reset', 0.85],
  ['cut-off', 1],
];

/** Whether the n-th arrival of a question, from 0, meets a fault. */
export function findFault(seed: string, question: string, arrival: number): Fault | undefined {
  if (arrival >= faultyArrivals || unitOf(seed, 'fault', question, arrival) >= faultShare) return undefined;
  const kind = unitOf(seed, 'fault-kind', question, arrival);
  return kinds.find(([, upTo]) => kind < upTo)?.[0];
}

/** Milliseconds that an answer takes; now and then it takes long. */
export function findDelayMs(seed: string, question: string, arrival: number): number {
  const unit = unitOf(seed, 'delay', question, arrival);
  return unit < 0.005 ? 400 : 5 + Math.floor(unit * 50);
}
