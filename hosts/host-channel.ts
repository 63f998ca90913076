import type { FromHost, ToHost } from './host-messages.ts';

/** The way to one host: a thread or a process that runs user code. */
export interface HostChannel {
  post(messages: readonly ToHost[]): void;
  /**
   * The call whose code was entered and has not come back to the event loop yet, as the host itself last wrote it down:
   * this is seen although a stuck host says nothing any more.
   */
  readCurrent(): { readonly id: number; readonly enteredAtMs: number } | undefined;
  /** A host that has work keeps this process alive, an idle one does not. */
  setBusy(isBusy: boolean): void;
  terminate(): void;
}

export interface HostListener {
  heard(message: FromHost): void;
  /** The host is gone; `cause` completes "it failed: …". */
  ended(cause: string): void;
}

export type OpenHostChannel = (listener: HostListener) => HostChannel;
