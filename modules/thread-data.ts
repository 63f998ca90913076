export interface ThreadData {
  /**
   * 16 bytes: an integer, the id of the call whose code was entered and has not come back to the event loop yet, else 0;
   * at byte 8 a double, when it was entered (milliseconds since 1970).
   */
  readonly current: SharedArrayBuffer;
}
