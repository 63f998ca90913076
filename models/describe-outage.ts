import { ModelError } from '../evaluation/model-error.ts';
import type { Outage } from './availability.ts';
import type { SendError } from './send-error.ts';

/** What a held model is waited for, in a line: `model small: 503 since 12 s, next query in 8 s`. */
export function describeOutage(modelKey: string, outage: Outage, now: number): string {
  const { failure, since, nextProbeAt, isProbing } = outage;
  const waitMs = nextProbeAt - now;
  const next = isProbing || waitMs <= 0 ? 'asking now' : `next query in ${showSpan(waitMs)}`;
  return `model ${modelKey}: ${nameFailure(failure)} since ${showSpan(now - since)}, ${next}`;
}

/** The error of everything that waits for a model which cannot be used. */
export function describeUnusable(modelKey: string, failure: SendError, waitedMs: number): ModelError {
  const waited = waitedMs >= 1_000 && failure.kind !== 'refused' ? `, after ${showSpan(waitedMs)} of waiting` : '';
  return new ModelError(`Model "${modelKey}" cannot be used${waited}: ${failure.message}`, {
    code: 'model-unusable',
    hint: failure.hint ?? suggest(failure),
    statusCode: failure.statusCode,
    isRetryable: false,
    cause: failure,
  });
}

function nameFailure({ kind, statusCode }: SendError): string {
  if (statusCode !== undefined) return statusCode < 300 ? 'no answer but a page' : `${statusCode}`;
  return kind === 'time-out' ? 'no answer in time' : 'no connection';
}

function suggest({ kind }: SendError): string {
  switch (kind) {
    case 'network':
      return 'Check that the service runs and that the address is right.';
    case 'time-out':
    case 'overload':
    case 'service':
      return 'Try again when the service answers; a run waits for as long as limits.outage_patience_s says, and can be resumed.';
    case 'refused':
    case 'unsendable':
    case 'rejected':
      return 'Check the definition of the model.';
  }
}

function showSpan(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
