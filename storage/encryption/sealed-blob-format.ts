import type { Digest } from '../../contracts/digest.ts';
import { type BlobFormat, compressBlob, decompressBlob } from '../blob-format.ts';
import { envelopeBytes } from './envelope.ts';
import type { StoreCipher } from './store-cipher.ts';

/**
 * Gzip within an envelope, under a name that does not give the content away.
 *
 * @param refresh - Lets the cipher adopt the record that the store has now.
 */
export function createSealedBlobFormat(cipher: StoreCipher, refresh: () => Promise<void>): BlobFormat {
  const openBlob = async (digest: Digest, stored: Uint8Array) => {
    const name = cipher.nameOf(digest);
    const opened = cipher.openBlob(name, stored);
    if (opened.is !== 'unknown-key') return opened;
    // Somebody may have changed keys since this process looked. If the store does not know the key either, it is a bit that
    // has changed in the header.
    await refresh();
    return cipher.openBlob(name, stored);
  };
  return {
    nameOf: (digest) => cipher.nameOf(digest),
    encode: async (digest, plain) => cipher.sealBlob(cipher.nameOf(digest), await compressBlob(plain)),
    async decode(digest, stored) {
      const opened = await openBlob(digest, stored);
      return opened.is === 'open' ? decompressBlob(digest, opened.bytes) : undefined;
    },
    measure: (storedSizeBytes) => Math.max(0, storedSizeBytes - envelopeBytes),
  };
}
