import type { Digest } from '../../../contracts/digest.ts';
import type { Store } from '../../../storage/store.ts';

/** A fresh store under test, with what only its kind knows how to do. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes it and opens what it left behind. */
  reopen(): Promise<Store>;
  /** Opens the same place a second time, while the first stays open. */
  openAnother(): Promise<Store>;
  /** Overwrites the stored bytes of a blob. */
  damageBlob(digest: Digest, bytes: Uint8Array): Promise<void>;
  removeBlob(digest: Digest): Promise<void>;
  dispose(): Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;
