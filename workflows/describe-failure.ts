import { ActivityFailure, ApplicationFailure, type TemporalFailure } from '@temporalio/common';
import type { ReferredError } from '../contracts/activities.ts';
import { isDigest } from '../contracts/digest.ts';

/** The code of what failed, and where its text lies; the text itself is not in the failure. */
export function describeFailure(failure: TemporalFailure): ReferredError {
  const cause = failure instanceof ActivityFailure ? (failure.cause ?? failure) : failure;
  const message = cause.message.slice(0, 500);
  if (!(cause instanceof ApplicationFailure)) return { code: 'temporal-failed', message };
  const [text] = cause.details ?? [];
  return { code: cause.type ?? 'internal', message, ...(isDigest(text) ? { text } : {}) };
}
