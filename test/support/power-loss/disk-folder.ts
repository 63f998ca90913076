import type { DiskFile } from './disk-file.ts';

export type DiskNode = DiskFile | DiskFolder;

/** A name that came, went, or changed its meaning; a rename within one folder is one change. */
interface EntryChange {
  readonly removed?: string | undefined;
  readonly added?: { readonly name: string; readonly node: DiskNode } | undefined;
}

/** What a power cut lets a folder keep. */
export interface FolderLuck {
  /** Whether a change of names has reached the disk. */
  readonly keepsEntry: () => boolean;
}

/** Names of one folder: as they are on the disk for certain, the changes since, and as programs see them. */
export class DiskFolder {
  readonly #durable = new Map<string, DiskNode>();
  readonly #later: EntryChange[] = [];
  readonly #seen = new Map<string, DiskNode>();
  #settled = 0;

  change(change: EntryChange): void {
    this.#later.push(change);
    applyTo(this.#seen, change);
  }

  find(name: string): DiskNode | undefined {
    return this.#seen.get(name);
  }

  get changeCount(): number {
    return this.#settled + this.#later.length;
  }

  settle(count: number): void {
    for (const change of this.#later.splice(0, Math.max(0, count - this.#settled))) {
      this.#settled++;
      applyTo(this.#durable, change);
    }
  }

  /** Names that a power cut may leave: each change since the last sync of the folder has come through or not. */
  surviving(luck: FolderLuck): ReadonlyMap<string, DiskNode> {
    if (this.#later.length === 0) return this.#durable;
    const entries = new Map(this.#durable);
    for (const change of this.#later) {
      if (luck.keepsEntry()) applyTo(entries, change);
    }
    return entries;
  }
}

function applyTo(entries: Map<string, DiskNode>, { removed, added }: EntryChange): void {
  if (removed !== undefined) entries.delete(removed);
  if (added !== undefined) entries.set(added.name, added.node);
}
