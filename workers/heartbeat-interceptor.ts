import type { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { findHeartbeatDetails } from '../activities/heartbeat-details.ts';

const HEARTBEAT_INTERVAL_MS = 1_000;

/**
 * Heartbeats for every activity that has a heartbeat time-out, from a timer: activities need no code for it, and learn of
 * a cancel within a second (an activity hears of it only in the answer to a heartbeat).
 */
export function makeHeartbeatInterceptor(context: Context): ReturnType<ActivityInterceptorsFactory> {
  const inbound: ActivityInboundCallsInterceptor = {
    async execute(input, next) {
      if (context.info.heartbeatTimeoutMs === undefined) return next(input);
      const timer = setInterval(() => context.heartbeat(findHeartbeatDetails(context)), HEARTBEAT_INTERVAL_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
  return { inbound };
}
