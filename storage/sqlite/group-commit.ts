/** How long a row may wait for others to share its commit, milliseconds. */
const maxDelayMs = 5;

/**
 * Collects entries and hands them over together, so that they share one commit and its sync of the disk.
 *
 * Whoever comes alone is committed in the same turn of the event loop. While several writers are at work, entries wait
 * until about as many have gathered as last time, for 5 ms at most after the last commit: writers that all wait for
 * one commit come back at once and are not kept, while entries that trickle in share a sync instead of each paying one.
 */
export class GroupCommit<Entry> {
  readonly #commit: (entries: readonly Entry[]) => void;
  #entries: Entry[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expectedEntries = 1;
  #lastCommitMs = -Infinity;

  /** @param commit - Settles each entry itself and does not throw. */
  constructor(commit: (entries: readonly Entry[]) => void) {
    this.#commit = commit;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#immediate !== undefined) return;
    if (this.#entries.length >= this.#expectedEntries) {
      this.#commitThisTurn();
      return;
    }
    if (this.#timer !== undefined) return;
    const delayMs = maxDelayMs - (performance.now() - this.#lastCommitMs);
    if (delayMs <= 0) this.#commitThisTurn();
    else this.#timer = setTimeout(() => this.flush(), delayMs);
  }

  /** Commits what waits, now. */
  flush(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    // Falls slowly, so that one thin commit does not make the next dozen thin as well.
    this.#expectedEntries = Math.max(entries.length, Math.floor(this.#expectedEntries * 0.8));
    this.#commit(entries);
    this.#lastCommitMs = performance.now();
  }

  #commitThisTurn(): void {
    this.#immediate = setImmediate(() => this.flush());
  }
}
