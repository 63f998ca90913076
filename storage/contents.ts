import type { BlobFormat } from './blob-format.ts';
import type { BlobInventory } from './blob-inventory.ts';
import type { ContentStore } from './content-store.ts';
import type { StoreAccess } from './store-access.ts';

/** The blobs of a store, where they do not lie beside or in its database. */
export interface Contents {
  readonly content: ContentStore;
  readonly blobs: BlobInventory;
  close(): void;
}

/** A place for the blobs of a store. */
export interface ContentsPlace {
  /** For people, and for the record of the store; without credentials. */
  readonly name: string;
  open(format: BlobFormat, access: StoreAccess): Contents;
}
