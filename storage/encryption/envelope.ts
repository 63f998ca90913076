import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { maxKeyIdBytes } from './key-ring.ts';

// The form of everything that is sealed, with lengths that never vary:
//
//   magic and version (4) · key id, padded with zeros (16) · nonce (12) · tag (16) · ciphertext
//
// Associated data are magic, version and key id, and the place of the text: moved elsewhere, it does not open.

const cipherName = 'aes-256-gcm';
const magic = Buffer.from('STE\x01', 'latin1');
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = magic.length + maxKeyIdBytes;
const nonceEnd = headerBytes + nonceBytes;

/** What sealing adds to the size. */
export const envelopeBytes = nonceEnd + tagBytes;

/** A key for one kind of messages; see `derived-keys.ts` for how many it may have. */
export interface MessageKey {
  /** Id of the data key that it was derived from. */
  readonly keyId: string;
  readonly secret: Uint8Array;
}

/** @param place - Where the text will lie; needed again to open it. */
export function seal({ keyId, secret }: MessageKey, place: string, plain: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.write(keyId, magic.length, 'latin1');
  const nonce = takeNonce();
  const cipher = createCipheriv(cipherName, secret, nonce);
  cipher.setAAD(Buffer.concat([header, Buffer.from(place)]));
  const ciphertext = cipher.update(plain);
  cipher.final(); // nothing: the mode is a stream
  return Buffer.concat([header, nonce, cipher.getAuthTag(), ciphertext]);
}

/** The text, or undefined where the envelope was changed, cut, moved, or sealed with another key. */
export function open({ keyId, secret }: MessageKey, place: string, envelope: Uint8Array): Buffer | undefined {
  if (readKeyId(envelope) !== keyId) return undefined;
  const decipher = createDecipheriv(cipherName, secret, envelope.subarray(headerBytes, nonceEnd), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.concat([envelope.subarray(0, headerBytes), Buffer.from(place)]));
  decipher.setAuthTag(envelope.subarray(nonceEnd, envelopeBytes));
  const plain = decipher.update(envelope.subarray(envelopeBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

/** Id of the key that bytes say they were sealed with; undefined where they are no whole envelope. Nothing is verified. */
export function readKeyId(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength < envelopeBytes || magic.compare(bytes, 0, magic.length) !== 0) return undefined;
  const padded = Buffer.from(bytes.buffer, bytes.byteOffset + magic.length, maxKeyIdBytes);
  const end = padded.indexOf(0);
  return padded.toString('latin1', 0, end === -1 ? maxKeyIdBytes : end);
}

const nonces = Buffer.alloc(1_024 * nonceBytes);
let nextNonce = nonces.length;

/** Random, drawn many at a time: a call of the generator costs more than the encryption of a short text. */
function takeNonce(): Buffer {
  if (nextNonce === nonces.length) {
    randomFillSync(nonces);
    nextNonce = 0;
  }
  const nonce = Buffer.from(nonces.subarray(nextNonce, nextNonce + nonceBytes));
  nextNonce += nonceBytes;
  return nonce;
}
