import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../contracts/digest.ts';
import type { ScheduleDefinition } from '../../../storage/schedule-log.ts';
import type { Store } from '../../../storage/store.ts';
import {
  digestOf,
  makeJournalAnswer,
  makeJournalOutcome,
  makeRun,
  makeTask,
  segmentOf,
} from '../conformance/samples.ts';

/** Stands wherever a store can hold content. */
export const mark = 'MARK-OF-PLAIN-TEXT';

/** How many journal rows there are: more than a rekeying takes into one transaction. */
const journalRows = 230;

export interface MarkedStore {
  /** Blobs by their content. */
  readonly blobs: ReadonlyMap<Digest, string>;
}

/** Fills a store with marks, in every column that holds content and in blobs. */
export async function fillWithMarks(store: Store): Promise<MarkedStore> {
  const blobs = new Map<Digest, string>();
  for (let index = 0; index < 12; index++) {
    const text = `${mark} in blob ${index}`;
    blobs.set((await store.content.put(Buffer.from(text))).digest, text);
  }
  const alerts = { expressions: [], findings: [{ text: mark }] } as never;
  await store.runs.createRun(makeRun('run', { origin: { arguments: [mark] }, alerts }), [
    makeTask('task', { solverFingerprint: { prompt: mark }, resultFingerprint: { judge: mark } }),
    makeTask('failed', { solverKey: digestOf('other solver'), resultKey: digestOf('other result') }),
  ]);
  await store.results.recordRunning('task', { verdict: 'none', why: [{ before: mark }], warnings: [mark] });
  await store.results.recordEnd('failed', { status: 'failed', error: { code: 'metric-failed', message: mark } });
  const segment = segmentOf('task');
  await Promise.all(
    Array.from({ length: journalRows }, (_, sampleIndex) =>
      store.journal.appendAnswer(segment, makeJournalAnswer(`${mark} ${sampleIndex}`, { sampleIndex })),
    ),
  );
  await store.journal.appendOutcome(segment, makeJournalOutcome(journalRows, { text: mark }));
  await store.datasets.recordSelection(digestOf('reader'), {
    manifest: { digest: digestOf('manifest'), sizeBytes: 1 },
    version: digestOf('version'),
    count: 1,
    idSource: 'row',
    warnings: [mark],
  } as never);
  await store.schedules.create({
    name: 'nightly',
    definition: { origin: { arguments: [mark] } } as unknown as ScheduleDefinition,
    plan: digestOf('plan'),
    baseline: null,
  });
  await store.schedules.announce({
    notificationId: 'notification',
    scheduleName: 'nightly',
    runId: 'run',
    kind: 'failed',
    url: `https://hooks.example/${mark}`,
    body: JSON.stringify({ text: mark }),
  } as never);
  await store.schedules.recordUndelivered('notification', mark, null);
  return { blobs };
}

/** What a store holds, to be compared with what it held. */
export async function readMarks(store: Store, { blobs }: MarkedStore): Promise<unknown> {
  const contents: string[] = [];
  for (const digest of blobs.keys()) contents.push(Buffer.from(await store.content.get(digest)).toString());
  return {
    contents,
    sizes: await Promise.all([...blobs.keys()].map((digest) => store.content.findSize(digest))),
    run: await store.runs.getRun('run'),
    tasks: await store.results.listTaskResults('run'),
    keys: await store.runs.listPlannedKeys('run'),
    journal: await store.journal.load(segmentOf('task')),
    selection: await store.datasets.findSelection(digestOf('reader')),
    schedules: await store.schedules.list(),
    notifications: await store.schedules.listUndelivered('nightly'),
  };
}

/** What writes and reads that met damage leave in the folders of blobs. */
export async function leaveLeftovers(directory: string, { blobs }: MarkedStore): Promise<void> {
  const [digest] = blobs.keys();
  const hex = (digest ?? '').slice('sha256:'.length);
  const folder = join(directory, 'blobs', hex.slice(0, 2));
  await writeFile(join(folder, `.${hex.slice(2)}.0123456789ab.tmp`), mark);
  await writeFile(join(folder, `${hex.slice(2)}.0123456789ab.damaged`), mark);
}
