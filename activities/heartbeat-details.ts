import type { Context } from '@temporalio/activity';
import type { JsonObject } from '../contracts/json.ts';

const describers = new WeakMap<Context, () => JsonObject>();

/** Says what the heartbeats of an activity carry, for people to see; nothing relies on it. Counters and names only. */
export function describeHeartbeats(context: Context, describe: () => JsonObject): void {
  describers.set(context, describe);
}

/** What an activity is doing now; undefined where it does not say. */
export function findHeartbeatDetails(context: Context): JsonObject | undefined {
  return describers.get(context)?.();
}
