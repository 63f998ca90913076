import { openStore } from '../../../storage/open-store.ts';
import { makeRun, makeTask, segmentOf } from '../conformance/samples.ts';

/** What the writer tells its parent of each answer, once it is on disk. */
export interface WriterReport {
  readonly sampleIndex: number;
  readonly stands: string;
}

// Run as a process of its own: appends answers under names 0 … count - 1 in four lanes and reports what stands.
const [directory = '', name = '', count = '0'] = process.argv.slice(2);
const store = await openStore(directory);
await store.runs.createRun(makeRun('run'), [makeTask('task')]);
const segment = segmentOf('task');
let next = 0;

async function runLane(): Promise<void> {
  while (next < Number(count)) {
    const sampleIndex = next++;
    const stands = await store.journal.appendAnswer(segment, {
      sampleIndex,
      trial: 0,
      scorerKey: '',
      modelKey: 'model',
      requestDigest: 'request',
      occurrence: 0,
      answer: { output: name, evidence: { started_at: '2020-01-01T00:00:00.000Z', duration_ms: 1, retries: [] } },
    });
    process.send?.({ sampleIndex, stands: JSON.stringify(stands.output) } satisfies WriterReport);
  }
}

await Promise.all(Array.from({ length: 4 }, runLane));
await store.close();
process.disconnect?.();
