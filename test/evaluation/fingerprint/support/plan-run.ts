import { createHash } from 'node:crypto';
import type { Digest } from '../../../../contracts/digest.ts';
import { ConfigurationError } from '../../../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../../../contracts/json.ts';
import { toCanonicalJson } from '../../../../evaluation/fingerprint/canonical-json.ts';
import type { Plan, PlannedTaskSpecification, RowManifest } from '../../../../evaluation/plan.ts';
import type { RunFileInput } from '../../../../evaluation/spec/run-file.ts';
import { buildPlan } from '../../../../planning/build-plan.ts';
import { readRunFile } from '../../../../planning/run-file/index.ts';
import type { ContentStore } from '../../../../storage/content-store.ts';
import type { DatasetCache } from '../../../../storage/dataset-cache.ts';

export interface PlannedRun {
  readonly plan: Plan;
  readonly planDigest: Digest;
  /** The first task specification. */
  readonly task: PlannedTaskSpecification;
  /** Ids and rows that the first specification works on, as canonical JSON: read back from what the plan stored. */
  readonly rows: string;
}

export interface PlanOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** From run config to plan as a command does it; nothing is kept. */
export async function planRun(source: JsonValue, options: PlanOptions): Promise<PlannedRun> {
  const content = createMemoryContentStore();
  const resolved = await readRunFile(source as unknown as RunFileInput, {
    overrides: {},
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory,
  });
  const { plan, planDigest } = await buildPlan(resolved, {
    content,
    datasets: createMemoryDatasetCache(),
    modules: { check: async () => {} },
    segmentSize: 2,
    verifyData: false,
  });
  const [task] = plan.tasks;
  if (task === undefined) throw new Error('The plan has no task specification.');
  return { plan, planDigest, task, rows: await readRows(content, task.dataset.manifest) };
}

/** The plan of a run config, or undefined where it is refused; anything but a refusal is a fault. */
export async function planIfValid(source: JsonValue, options: PlanOptions): Promise<PlannedRun | undefined> {
  try {
    return await planRun(source, options);
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

export function createMemoryContentStore(): ContentStore {
  const blobs = new Map<Digest, Uint8Array>();
  return {
    async put(bytes) {
      const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      blobs.set(digest, Uint8Array.from(bytes));
      return { digest, sizeBytes: bytes.byteLength };
    },
    async get(digest) {
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw new Error(`No blob ${digest}.`);
      return bytes;
    },
    async findSize(digest) {
      return blobs.get(digest)?.byteLength;
    },
    async touch(digest) {
      return blobs.has(digest);
    },
  };
}

export function createMemoryDatasetCache(): DatasetCache {
  const files = new Map<string, Digest>();
  const selections = new Map<Digest, Awaited<ReturnType<DatasetCache['findSelection']>>>();
  return {
    findFileDigest: async (stat) => files.get(JSON.stringify(stat)),
    async recordFileDigest(stat, digest) {
      files.set(JSON.stringify(stat), digest);
    },
    findSelection: async (digest) => selections.get(digest),
    async recordSelection(digest, selection) {
      selections.set(digest, selection);
    },
  };
}

async function readRows(content: ContentStore, digest: Digest): Promise<string> {
  const manifest = JSON.parse(await readText(content, digest)) as RowManifest;
  const rows: JsonValue[] = [];
  for (const segment of manifest.segments) {
    for (const line of (await readText(content, segment.digest)).split('\n')) {
      if (line === '') continue;
      const [position, row] = JSON.parse(line) as [number, Readonly<Record<string, string>>];
      rows.push([manifest.idSource === 'column' ? (row['sample_id'] ?? '') : String(position), row]);
    }
  }
  return toCanonicalJson(rows);
}

async function readText(content: ContentStore, digest: Digest): Promise<string> {
  return new TextDecoder().decode(await content.get(digest));
}
