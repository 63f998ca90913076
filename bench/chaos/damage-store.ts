import { open, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../contracts/digest.ts';
import { openStore, type Store } from '../../storage/index.ts';
import type { ReportedTask } from './check-documents.ts';
import type { Specification } from './evaluation.ts';
import type { Random } from './random.ts';

export interface Damage {
  readonly specification: Specification;
  /** `solve`: solver outputs, which other results may share. */
  readonly stage: 'solve' | 'score';
  readonly digest: Digest;
  readonly description: string;
}

/** Damages one blob of one of these results; undefined where they have none. */
export async function damageStore(
  directory: string,
  tasks: readonly ReportedTask[],
  random: Random,
): Promise<Damage | undefined> {
  const [first, ...others] = tasks.filter(({ run }) => run.cache_policy !== 'no-cache');
  if (first === undefined) return undefined;
  const { task, specification } = random.pick([first, ...others]);
  const part = random.weighted({ 'solver outputs': 40, scores: 30, metrics: 15, manifest: 15 });
  const how = random.weighted({ deleted: 40, 'cut short': 30, 'one bit flipped': 30 });
  const store = await openStore(directory);
  try {
    const digest = await findBlob(store, task.reused_from ?? task.task_result, part, random);
    if (digest === undefined) return undefined;
    await harm(path.join(directory, 'blobs', digest.slice(7, 9), digest.slice(9)), how);
    return {
      specification,
      stage: part === 'solver outputs' ? 'solve' : 'score',
      digest,
      description: `${part} of ${task.key}: ${how} (${digest.slice(7, 15)}…)`,
    };
  } finally {
    await store.close();
  }
}

type Part = 'solver outputs' | 'scores' | 'metrics' | 'manifest';

async function findBlob(store: Store, taskResultId: string, part: Part, random: Random): Promise<Digest | undefined> {
  if (part === 'metrics' || part === 'manifest') {
    const [record] = await store.results.findTaskResults([taskResultId]);
    return record?.[part]?.digest;
  }
  const segments = await store.results.listSegments(taskResultId, part === 'scores' ? 'score' : 'solve');
  const [first, ...others] = segments.map(({ blob }) => blob.digest);
  return first === undefined ? undefined : random.pick([first, ...others]);
}

async function harm(file: string, how: 'deleted' | 'cut short' | 'one bit flipped'): Promise<void> {
  const { size } = await stat(file);
  switch (how) {
    case 'deleted':
      return rm(file);
    case 'cut short':
      return truncate(file, Math.floor(size / 2));
    case 'one bit flipped': {
      await using handle = await open(file, 'r+');
      const place = Math.floor(size / 2);
      const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: place });
      await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, place);
    }
  }
}
