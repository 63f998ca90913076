import type { Role } from './questions.ts';

/** How one delivery of a question ended, as far as the service can know. */
export type DeliveryEnd =
  /** Nobody took the answer: whoever asked had gone. */
  | 'cut'
  /** Handed over whole. */
  | 'answered'
  /** Refused or broken off on purpose; whoever asked has no answer and knows it. */
  | 'faulted';

export interface Delivery {
  /** Name of the process that asked. */
  readonly process: string;
  readonly end: DeliveryEnd | 'waiting';
}

/** What the service was asked since the round began, per question. */
export interface Books {
  readonly questions: Readonly<Record<string, readonly Delivery[]>>;
  /** Questions that came once with one text and once with another, and requests that are no question. */
  readonly oddities: readonly string[];
}

/** What the service has seen so far in the round; sent at most every few milliseconds. */
export interface ServiceProgress {
  readonly received: number;
  /** Questions that were answered at least once. */
  readonly answered: number;
  readonly answeredByRole: Readonly<Record<Role, number>>;
  readonly inFlight: number;
  /** Name of the last process that asked. */
  readonly lastProcess: string | null;
}

export type ToService = { readonly type: 'begin-round' } | { readonly type: 'read-books' };

export type FromService =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'round-began' }
  | { readonly type: 'progress'; readonly progress: ServiceProgress }
  | { readonly type: 'books'; readonly books: Books };
