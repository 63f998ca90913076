/** How long a row may wait for others to share its commit, milliseconds. */
const longestWaitMs = 5;
/** The same, as a multiple of what the last commit took: a longer wait would cost its row more than it saves the disk. */
const longestWaitCommits = 2;

/**
 * Collects entries and hands them over together, so that they share one commit and its sync of the disk.
 *
 * Whoever comes alone is committed in the same turn of the event loop. While several writers are at work, entries wait
 * until about as many have gathered as last time, for the time of two commits after the last one, and for 5 ms at most:
 * writers that all wait for one commit come back at once and are not kept, while entries that trickle in share a sync
 * instead of each paying one. A query is in flight until its answer is committed, so on a quick disk nobody waits long.
 */
export class GroupCommit<Entry> {
  readonly #commit: (entries: readonly Entry[]) => void;
  readonly #now: () => number;
  #entries: Entry[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expectedEntries = 1;
  #lastCommitMs = -Infinity;
  #waitMs = 0;

  /** @param commit - Settles each entry itself and does not throw. */
  constructor(commit: (entries: readonly Entry[]) => void, now: () => number = () => performance.now()) {
    this.#commit = commit;
    this.#now = now;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#immediate !== undefined) return;
    if (this.#entries.length >= this.#expectedEntries) {
      this.#commitThisTurn();
      return;
    }
    if (this.#timer !== undefined) return;
    const delayMs = this.#waitMs - (this.#now() - this.#lastCommitMs);
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
    const begunMs = this.#now();
    this.#commit(entries);
    this.#lastCommitMs = this.#now();
    this.#waitMs = Math.min(longestWaitMs, longestWaitCommits * (this.#lastCommitMs - begunMs));
  }

  #commitThisTurn(): void {
    this.#immediate = setImmediate(() => this.flush());
  }
}
