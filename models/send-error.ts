import { ModelError } from '../evaluation/model-error.ts';

/**
 * What became of one send:
 *
 * - `network`: no response; the service may be unreachable
 * - `time-out`: no response within the request's time
 * - `overload`: the service asks for fewer queries (429, 503, 529)
 * - `service`: it failed otherwise in a way that may pass (408, 409, other 5xx)
 * - `refused`: a sign that no query has a chance: 401, 402, 403, 404, exhausted quota, a redirect, HTML instead of JSON
 * - `unsendable`: nothing got there, and nothing later will: a certificate that is not trusted, a key that is none
 * - `rejected`: this query will never be answered
 */
export const failureKinds = [
  'network',
  'time-out',
  'overload',
  'service',
  'refused',
  'unsendable',
  'rejected',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/**
 * A send that brought no answer. `isRetryable` says what holds for a model that has answered before; what a `refused`
 * means for one that never has is decided by `Availability`.
 */
export class SendError extends ModelError {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options: ConstructorParameters<typeof ModelError>[1]) {
    super(message, options);
    this.kind = kind;
  }
}
