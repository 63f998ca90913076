import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { ColumnCodec } from '../encryption/column-codec.ts';
import type { SealedText } from '../encryption/sealed-text.ts';
import { build } from './build.ts';
import { chunksOf } from './chunks.ts';
import { eachOf } from './each-of.ts';
import { useColumns } from './use-columns.ts';
import { all, execute, type Work } from './work.ts';

/** Rows of one insert; each has two values. */
const maxRowsPerInsert = 200;

/** Each fingerprint is kept once, however many task results share it. */
export function* insertFingerprintRows(fingerprints: ReadonlyMap<Digest, JsonObject>): Work<void> {
  const columns = yield* useColumns();
  const rows = [...fingerprints].map(([digest, fingerprint]) => ({
    digest,
    fingerprint: columns.seal('fingerprints', 'fingerprint', { digest }, JSON.stringify(fingerprint)),
  }));
  for (const chunk of chunksOf(rows, maxRowsPerInsert)) {
    yield* execute(
      build
        .insertInto('fingerprints')
        .values(chunk)
        .onConflict((conflict) => conflict.doNothing()),
    );
  }
}

/** By digest, many at once. */
export function* findFingerprints(digests: readonly Digest[]): Work<ReadonlyMap<Digest, JsonObject>> {
  const columns = yield* useColumns();
  const rows = yield* all(build.selectFrom('fingerprints').selectAll().where('digest', 'in', eachOf(digests)));
  return new Map(rows.map(({ digest, fingerprint }) => [digest, openFingerprint(columns, digest, fingerprint)]));
}

export function openFingerprint(columns: ColumnCodec, digest: Digest, fingerprint: SealedText): JsonObject {
  return JSON.parse(columns.open('fingerprints', 'fingerprint', { digest }, fingerprint)) as JsonObject;
}
