/** Commits entries together: while one commit is on its way, what comes gathers for the next. */
export class GatheredCommit<Entry> {
  readonly #commit: (entries: readonly Entry[]) => Promise<void>;
  #gathered: Entry[] = [];
  /** Who waits for the commit of what has gathered. */
  #waiting: (() => void)[] = [];
  #onItsWay: Promise<void> = Promise.resolve();
  #isCommitting = false;

  /** @param commit - Settles each entry itself and does not throw. */
  constructor(commit: (entries: readonly Entry[]) => Promise<void>) {
    this.#commit = commit;
  }

  add(entry: Entry): void {
    this.#gathered.push(entry);
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    // Those who come in the same turn are taken along.
    setImmediate(() => void this.#commitAll());
  }

  /** Resolves when everything that was added so far has been committed, whatever comes meanwhile. */
  drain(): Promise<void> {
    if (this.#gathered.length === 0) return this.#onItsWay;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #commitAll(): Promise<void> {
    while (this.#gathered.length > 0) {
      const [entries, waiting] = [this.#gathered, this.#waiting];
      this.#gathered = [];
      this.#waiting = [];
      this.#onItsWay = this.#commit(entries);
      await this.#onItsWay;
      for (const resolve of waiting) resolve();
    }
    this.#isCommitting = false;
  }
}
