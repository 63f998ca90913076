import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

/**
 * What an activity throws when its signal has fired: cancelled only where a cancel was asked for. Every other reason (the
 * worker drains, this attempt was given up) means that another attempt goes on.
 */
export function makeInterruption(context: Context): unknown {
  if (context.cancellationDetails?.cancelRequested === true) return context.cancellationSignal.reason;
  return ApplicationFailure.create({
    type: 'interrupted',
    message: 'The worker is stopping, or this attempt was given up.',
  });
}
