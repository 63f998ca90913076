/** Status of runs and of task results. There are no others. */
export const statuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

/** Statuses after which nothing more happens unless a `resume` asks for it. */
export type FinalStatus = Extract<Status, 'completed' | 'failed' | 'cancelled'>;

export function isFinal(status: Status): status is FinalStatus {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** A run is `failed` if any task result failed, else `cancelled` if any was cancelled, else `completed`. */
export function combineStatuses(all: Iterable<FinalStatus>): FinalStatus {
  const seen = new Set(all);
  if (seen.has('failed')) return 'failed';
  return seen.has('cancelled') ? 'cancelled' : 'completed';
}
