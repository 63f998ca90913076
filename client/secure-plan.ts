import type { Digest } from '../contracts/digest.ts';
import type { Plan, RowManifest } from '../evaluation/plan.ts';
import type { BuiltPlan } from '../planning/build-plan.ts';
import { areRowsIntact } from '../planning/datasets/known-data.ts';
import type { ResolvedRun } from '../planning/run-file/index.ts';
import { listBlobsOfPlan, listBlobsOfRows } from '../storage/blob-references.ts';
import type { ContentStore } from '../storage/content-store.ts';
import { isBlobLost } from '../storage/is-blob-lost.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import { type RunContext, storePlan } from './run-context.ts';
import type { PlanDocument } from './run-document.ts';
import type { PlanOptions } from './stet.ts';

const touchesAtOnce = 64;

/**
 * Builds a plan, and builds it once more where rows that stood from an earlier plan turn out to be damaged: the data is
 * read then. Only rows that somebody is going to read are looked at, which a full reuse is not.
 */
export async function buildSound(
  context: RunContext,
  resolved: ResolvedRun,
  store: Store,
  options: PlanOptions,
  makeDocument: (built: BuiltPlan) => Promise<PlanDocument>,
): Promise<BuiltPlan> {
  const built = await context.build(resolved, store, { ...options, dry: false });
  const standing = new Set(built.standingRows);
  if (standing.size === 0) return built;
  const { tasks } = await makeDocument(built);
  const working = new Set(tasks.filter(({ reuse }) => reuse !== 'full').map(({ key }) => key));
  let isSound = true;
  for (const { key, dataset } of built.plan.tasks) {
    if (!working.has(key) || !standing.delete(dataset.manifest)) continue;
    isSound = (await areRowsIntact(store.content, dataset.manifest)) && isSound;
  }
  // What could not be read is out of the way by now: planning misses it, and says so.
  return isSound ? built : context.build(resolved, store, { ...options, dry: false });
}

/**
 * Makes sure that everything a registered run executes is in the store, and writes anew what is not.
 *
 * After the run is registered, not before: garbage collection then keeps what it finds, and what it has taken just before
 * is found missing here. So no grace time is too short for a plan that took long to make.
 */
export async function securePlan(
  context: RunContext,
  { resolved, store, built }: { readonly resolved: ResolvedRun; readonly store: Store; readonly built: BuiltPlan },
  run: Pick<RunRecord, 'plan'>,
  options: PlanOptions,
): Promise<void> {
  if ((await store.content.touch(run.plan)) && (await touchAll(store.content, built.plan))) return;
  const again = await context.build(resolved, store, { ...options, verifyData: true, dry: false });
  await storePlan(store, built.plan);
  await storePlan(store, again.plan);
}

async function touchAll(content: ContentStore, plan: Plan): Promise<boolean> {
  try {
    for (const { digest, kind } of listBlobsOfPlan(plan)) {
      if (!(await content.touch(digest))) return false;
      if (kind !== 'row-manifest') continue;
      const rows = listBlobsOfRows(await readManifest(content, digest)).map((use) => use.digest);
      if (!(await areTouched(content, rows))) return false;
    }
    return true;
  } catch (error) {
    if (isBlobLost(error)) return false;
    throw error;
  }
}

async function readManifest(content: ContentStore, digest: Digest): Promise<RowManifest> {
  return JSON.parse(new TextDecoder().decode(await content.get(digest))) as RowManifest;
}

async function areTouched(content: ContentStore, digests: readonly Digest[]): Promise<boolean> {
  for (let start = 0; start < digests.length; start += touchesAtOnce) {
    const touched = await Promise.all(
      digests.slice(start, start + touchesAtOnce).map((digest) => content.touch(digest)),
    );
    if (touched.includes(false)) return false;
  }
  return true;
}
