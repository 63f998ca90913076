import { hkdfSync } from 'node:crypto';
import type { MessageKey } from './envelope.ts';
import { type EncryptionKey, keyBytes } from './key-ring.ts';

/** Derives the keys that seal messages from one data key. */
export interface DerivedKeys {
  /** For one scope: a blob, or all that belongs to one row. Kept for a while when `isKept`: the journal asks for each row. */
  derive(scope: string, options?: { readonly isKept?: boolean }): MessageKey;
}

const maxKept = 256;

/**
 * No data key seals a message itself. With random nonces a key may seal 2^32 messages before two nonces are equal with a
 * chance that matters (NIST SP 800-38D, section 8.3), and the journals of a busy store reach that in a few years. So each
 * blob and each row has its own key, by HKDF-SHA-256 (RFC 5869): a task result with all its journal rows, which is
 * the most that shares one, stays far below the bound however long a data key is used. The salt is the store's: stores that
 * are given the same data key share no derived one.
 */
export function createDerivedKeys({ id: keyId, secret }: EncryptionKey, salt: Uint8Array): DerivedKeys {
  const kept = new Map<string, MessageKey>();
  const deriveNew = (scope: string): MessageKey => ({
    keyId,
    secret: new Uint8Array(hkdfSync('sha256', secret, salt, `stet ${scope}`, keyBytes)),
  });
  return {
    derive(scope, { isKept = false } = {}) {
      const known = kept.get(scope);
      if (known !== undefined) return known;
      const derived = deriveNew(scope);
      if (isKept) {
        if (kept.size >= maxKept) kept.clear();
        kept.set(scope, derived);
      }
      return derived;
    },
  };
}
