import { constants, existsSync } from 'node:fs';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { openStore, readKeyRing } from '../storage/index.ts';
import { describeS3Location } from '../storage/s3/parse-blobs-location.ts';
import { storeExists } from '../storage/store-exists.ts';
import type { Finding } from './diagnose.ts';
import type { StoreSettings } from './find-store-settings.ts';
import type { Environment } from './server/run-tool.ts';

const patienceMs = 5_000;

/** Whether a directory can be written, really. */
export async function checkDirectory(directory: string): Promise<Finding> {
  const existing = findExistingFolder(directory);
  try {
    if (existing === directory && !(await stat(existing)).isDirectory()) {
      return {
        ok: false,
        detail: `${directory} is no directory`,
        hint: 'Name another one with --store or STET_STORE.',
      };
    }
    await access(existing, constants.W_OK | constants.X_OK);
    // Permissions are not all: only a real write finds a full disk or a read-only mount.
    await rm(await mkdtemp(path.join(existing, '.stet-doctor-')), { recursive: true });
  } catch (error) {
    return {
      ...describeFailure(error),
      hint: 'Name another directory with --store or STET_STORE, or make this one writable.',
    };
  }
  return { ok: true, detail: existing === directory ? directory : `${directory} (a first run makes it)` };
}

/** Whether a database answers, how fast, and what is in it. */
export async function checkDatabase({ url, name }: { readonly url: string; readonly name: string }): Promise<Finding> {
  const { describePostgresStore } = await import('../storage/postgres/describe-postgres-store.ts');
  const found = await describePostgresStore(url, { patienceMs });
  const schema = found.schemaVersion === 0 ? 'no store yet; a first run makes it' : `schema ${found.schemaVersion}`;
  const latency = `answers in ${found.latencyMs.toFixed(1)} ms`;
  return { ok: true, detail: `${name}, PostgreSQL ${found.serverVersion}, ${schema}, ${latency}` };
}

/** Where blobs lie; in a bucket, whether it can be reached. */
export async function checkBlobs({ location, blobs }: StoreSettings): Promise<Finding> {
  if (blobs === undefined) {
    return { ok: true, detail: location.kind === 'directory' ? 'files beside the database' : 'in the database' };
  }
  const { openS3Blobs } = await import('../storage/s3/open-s3-blobs.ts');
  const contents = openS3Blobs(blobs);
  try {
    // Any digest will do: nobody has that.
    await contents.content.findSize(`sha256:${'0'.repeat(64)}`);
    return { ok: true, detail: `${describeS3Location(blobs)}, which answers` };
  } finally {
    contents.close();
  }
}

/** What the store holds, and whose runs of it can be taken up here. */
export async function checkStore(
  { location, blobs, overlayDirectory }: StoreSettings,
  environment: Environment,
  isTemporalEmbedded: boolean,
): Promise<Finding> {
  if (!(await storeExists(location))) return { ok: true, detail: 'none yet' };
  const keys = await readKeyRing(environment, () => {});
  const access = overlayDirectory === undefined ? 'write' : 'read';
  const store = await openStore(location, { blobs, keys, access });
  try {
    const runs = await store.runs.listRuns({ limit: 1 });
    const open = await store.runs.findOpenRuns();
    const parts = [
      runs[0] === undefined ? 'no runs yet' : `latest run ${runs[0].startedAt}`,
      ...(open.length === 0 ? [] : [`${open.length} open`]),
      ...(overlayDirectory === undefined ? [] : [`only read; writes go to ${overlayDirectory}`]),
      // Single flight and recovery are Temporal's, and each machine has its own.
      ...(location.kind === 'postgres' && isTemporalEmbedded && overlayDirectory === undefined
        ? ['shared without a shared Temporal: runs of other machines are neither waited for nor taken up here']
        : []),
    ];
    return { ok: true, detail: parts.join(', ') };
  } finally {
    await store.close();
  }
}

export function describeFailure(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof EvaluationError ? error.hint : undefined;
  return { ok: false, detail: message, ...(hint === undefined ? {} : { hint }) };
}

function findExistingFolder(directory: string): string {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    if (existsSync(folder) || folder === path.dirname(folder)) return folder;
  }
}
