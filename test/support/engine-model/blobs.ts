import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Digest } from '../../../contracts/digest.ts';
import type { Store } from '../../../storage/index.ts';

/** What of a task result can be damaged. */
export const pieces = ['outputs', 'scores', 'metrics', 'manifest', 'rows'] as const;
export type Piece = (typeof pieces)[number];

/** A look-up sees what is lost; what is spoilt turns out when it is read. */
export type Condition = 'intact' | 'spoilt' | 'lost';

interface Blob {
  readonly digest: Digest;
  /** Of the stored file, where a record says. */
  readonly sizeBytes?: number;
}

export const damages = ['deleted', 'cut', 'changed'] as const;
export type Damage = (typeof damages)[number];

/** The blobs of a task result. */
export async function listBlobs(
  store: Store,
  storeDirectory: string,
  taskResultId: string,
  piece: Piece,
): Promise<readonly Blob[]> {
  const [record] = await store.results.findTaskResults([taskResultId]);
  if (record === undefined) throw new Error(`No task result ${taskResultId}.`);
  const listSegments = async (stage: 'solve' | 'score') =>
    (await store.results.listSegments(taskResultId, stage)).map(({ blob }) => blob);
  switch (piece) {
    case 'outputs':
      return listSegments('solve');
    case 'scores':
      return listSegments('score');
    case 'metrics':
      return record.metrics === null ? [] : [record.metrics];
    case 'manifest':
      return record.manifest === null ? [] : [record.manifest];
    case 'rows':
      return listRowBlobs(store, storeDirectory, record);
  }
}

/** The manifest of the rows that a specification uses, and their segments where it can be read. */
async function listRowBlobs(
  store: Store,
  storeDirectory: string,
  { runId, key }: { readonly runId: string; readonly key: string },
): Promise<readonly Blob[]> {
  const { plan } = await store.runs.getRun(runId);
  const { tasks } = await readJson<{ tasks: { key: string; dataset: { manifest: Digest } }[] }>(store, plan);
  const manifest = tasks.find((task) => task.key === key)?.dataset.manifest;
  if (manifest === undefined) throw new Error(`The plan has no task "${key}".`);
  const blob = { digest: manifest };
  if ((await inspect(storeDirectory, [blob])) !== 'intact') return [blob];
  const { segments } = await readJson<{ segments: Blob[] }>(store, manifest);
  return [blob, ...segments];
}

async function readJson<Value>(store: Store, digest: Digest): Promise<Value> {
  return JSON.parse(new TextDecoder().decode(await store.content.get(digest))) as Value;
}

/** Of several blobs, the worst that became of one: other bytes of the same number, or lost. */
export async function inspect(storeDirectory: string, blobs: readonly Blob[]): Promise<Condition> {
  let worst: Condition = 'intact';
  for (const blob of blobs) {
    const bytes = await readFile(placeOf(storeDirectory, blob.digest)).catch(() => undefined);
    if (bytes === undefined || (blob.sizeBytes !== undefined && bytes.length !== blob.sizeBytes)) return 'lost';
    if (!isContentOf(bytes, blob.digest)) worst = 'spoilt';
  }
  return worst;
}

function isContentOf(stored: Uint8Array, digest: Digest): boolean {
  try {
    return `sha256:${createHash('sha256').update(gunzipSync(stored)).digest('hex')}` === digest;
  } catch {
    return false;
  }
}

export async function damageBlob(storeDirectory: string, { digest }: Blob, how: Damage): Promise<void> {
  const place = placeOf(storeDirectory, digest);
  if (how === 'deleted') return rm(place, { force: true });
  const bytes = await readFile(place).catch(() => undefined);
  if (bytes === undefined) return;
  if (how === 'cut') return writeFile(place, bytes.subarray(0, bytes.length >> 1));
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  return writeFile(place, bytes);
}

function placeOf(storeDirectory: string, digest: string): string {
  const hex = digest.replace('sha256:', '');
  return path.join(storeDirectory, 'blobs', hex.slice(0, 2), hex.slice(2));
}
