import { type BlobName, decompressBlob } from '../blob-format.ts';
import type { BlobInventory, StoredBlob } from '../blob-inventory.ts';
import { readKeyId } from './envelope.ts';
import type { StoreCipher } from './store-cipher.ts';

/** What became of one blob. `unreadable`: its content was damaged before. `gone`: somebody removed it meanwhile. */
export type RekeyedBlob = 'current' | 'sealed' | 'unreadable' | 'gone';

/** Seals a sealed blob with the key that writes. Beside readers, writers and collections: content and name stay. */
export async function rekeyBlob(inventory: BlobInventory, cipher: StoreCipher, name: BlobName): Promise<RekeyedBlob> {
  const stored = await inventory.readStored(name);
  if (stored === undefined) return 'gone';
  if (cipher.isCurrent(stored)) return 'current';
  const opened = cipher.openBlob(name, stored);
  if (opened.is !== 'open') return 'unreadable';
  await inventory.writeStored(name, cipher.sealBlob(name, opened.bytes));
  return 'sealed';
}

/**
 * Seals a plain blob under its new name and removes the old one; killed in between, it does so again. What is sealed
 * already is left as it is. To be called while nobody else is at work on the store.
 */
export async function sealPlainBlob(
  inventory: BlobInventory,
  cipher: StoreCipher,
  name: BlobName,
): Promise<RekeyedBlob> {
  const stored = await inventory.readStored(name);
  if (stored === undefined) return 'gone';
  if (readKeyId(stored) !== undefined) return rekeyBlob(inventory, cipher, name);
  const digest = `sha256:${name}` as const;
  const isWhole = (await decompressBlob(digest, stored)) !== undefined;
  if (isWhole) {
    const sealedName = cipher.nameOf(digest);
    // As it lies, compressed: its size in the records is that of this form.
    await inventory.writeStored(sealedName, cipher.sealBlob(sealedName, stored));
  }
  // A damaged one is lost either way, and what is left of it must not stay readable.
  await inventory.remove(name);
  return isWhole ? 'sealed' : 'unreadable';
}

const atOnce = 8;

export interface RekeyedBlobs {
  readonly sealed: number;
  readonly sizeBytes: number;
  readonly unreadable: number;
  readonly leftovers: number;
}

/**
 * Passes all blobs of a store through `rekeyOne`.
 *
 * @param options.removesLeftovers - Also removes what is no blob: of a plain store it may be plain text.
 */
export async function rekeyBlobs(
  inventory: BlobInventory,
  rekeyOne: (name: BlobName) => Promise<RekeyedBlob>,
  options: { readonly removesLeftovers: boolean; readonly onProgress: (done: number) => void },
): Promise<RekeyedBlobs> {
  let [done, sealed, sizeBytes, unreadable, leftovers] = [0, 0, 0, 0, 0];
  const rekey = async ({ name, sizeBytes: size }: StoredBlob): Promise<void> => {
    const became = await rekeyOne(name);
    done += 1;
    if (became === 'unreadable') unreadable += 1;
    if (became !== 'sealed') return;
    sealed += 1;
    sizeBytes += size;
  };
  for await (const page of inventory.list()) {
    for (let start = 0; start < page.blobs.length; start += atOnce) {
      await Promise.all(page.blobs.slice(start, start + atOnce).map(rekey));
      options.onProgress(done);
    }
    for (const leftover of options.removesLeftovers ? page.leftovers : []) {
      if (await inventory.removeLeftover(leftover)) leftovers += 1;
    }
  }
  return { sealed, sizeBytes, unreadable, leftovers };
}
