import type { JsonValue } from '../contracts/json.ts';
import type { RequestFailure } from '../contracts/user-code.ts';

/** What a pool tells a host, as JSON. */
export type ToHost =
  | ({ readonly type: 'call'; readonly id: number } & Readonly<Record<string, JsonValue>>)
  /** Nobody waits for it any more; user code that listens may stop. */
  | { readonly type: 'abort'; readonly id: number }
  /** Answered at once by a host that is not stuck. */
  | { readonly type: 'ask'; readonly id: number }
  | { readonly type: 'response'; readonly id: number; readonly requestId: number; readonly value: string }
  | { readonly type: 'refusal'; readonly id: number; readonly requestId: number; readonly failure: RequestFailure };

/** What a host tells its pool, as JSON. */
export type FromHost =
  | {
      readonly type: 'result';
      readonly id: number;
      /** JSON text: cheaper to pass than a structure, and it is what may cross. */
      readonly value: string;
      readonly log?: string;
    }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly message: string;
      /** Whether the user's function itself threw; otherwise it could not be loaded, or what came back is no JSON. */
      readonly isThrown: boolean;
      /** How an error of user code is told apart from others, such as the shape of what it returned. */
      readonly code?: string;
      readonly status?: number;
      /** Where it went wrong in the user's file: a traceback, and the innermost line. */
      readonly trace?: string;
      readonly line?: number;
      readonly log?: string;
    }
  /** How long the call has been running, milliseconds; absent while it waits for its turn. */
  | { readonly type: 'running'; readonly id: number; readonly runningMs?: number }
  /** User code asks for something and goes on when it has it. */
  | { readonly type: 'request'; readonly id: number; readonly requestId: number; readonly value: string };
