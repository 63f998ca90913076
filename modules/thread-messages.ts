/** What the pool tells a thread. */
export type ToThread =
  | {
      readonly type: 'call';
      readonly id: number;
      /** File URL of the bundle. */
      readonly url: string;
      readonly exportName: string;
      /** JSON text: cheaper to pass than a structure, and it is what may cross. */
      readonly argument: string;
    }
  /** Only loads and looks for the export. */
  | { readonly type: 'check'; readonly id: number; readonly url: string; readonly exportName: string }
  | { readonly type: 'abort'; readonly id: number }
  /** Answered at once by a thread that is not stuck. */
  | { readonly type: 'ask'; readonly id: number };

/** What a thread tells the pool. */
export type FromThread =
  | { readonly type: 'result'; readonly id: number; readonly value: string }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly message: string;
      /** Whether the function itself threw; otherwise loading failed or what came back is no JSON. */
      readonly isThrown: boolean;
      readonly status?: number;
    }
  /** How long the call has been running, milliseconds; absent while it waits for its turn. */
  | { readonly type: 'running'; readonly id: number; readonly runningMs?: number };

export interface ThreadData {
  /**
   * 16 bytes: an integer, the id of the call whose code was entered and has not come back to the event loop yet, else 0;
   * at byte 8 a double, when it was entered (milliseconds since 1970).
   */
  readonly current: SharedArrayBuffer;
}
