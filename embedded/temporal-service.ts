import type { TemporalAddress } from '../workers/connect-temporal.ts';

/** Temporal as a session uses it, whoever runs its server. */
export interface TemporalService {
  readonly kind: 'embedded' | 'remote';
  readonly target: TemporalAddress;
  /** Address of its web UI, where that is known. */
  readonly uiAddress: string | undefined;
  /** How long a workflow task that was running on a worker that died is waited for. */
  readonly workflowTaskTimeoutMs: number;
  /**
   * Since when it knows everything that it was told, ISO 8601: a run from before that it does not know was lost, or began
   * on another Temporal, and was not deleted by somebody.
   */
  readonly wholeSince: string;
  /** The same as it is now: its database may have been lost, and made anew, under those who use it. */
  findWholeSince(): Promise<string>;
  /** Brings the server back if it is gone, where that is in our hands. */
  revive(): Promise<void>;
  /**
   * Looks after it until stopped.
   *
   * @param listener.onLost - Called once, with the reason, when it is gone for good: nothing goes on then.
   */
  watch(listener: { onNotice(line: string): void; onLost(reason: unknown): void }): TemporalWatch;
  /** Takes this process out of the store's registry, and lets go of what it holds of the server. */
  release(): Promise<void>;
}

export interface TemporalWatch {
  /** Whether it answered at the last look: without it a worker has nobody to tell that it stops. */
  readonly isAnswering: boolean;
  stop(): Promise<void>;
}
