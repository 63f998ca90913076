import { openSync, writeSync } from 'node:fs';
import type { Digest } from '../../../contracts/digest.ts';
import type { FinalStatus } from '../../../contracts/status.ts';
import type { AnswerId, SegmentId } from '../../../storage/journal.ts';
import { SqlResultIndex } from '../../../storage/sql/sql-result-index.ts';
import { SqlRunLog } from '../../../storage/sql/sql-run-log.ts';
import { SqliteJournal } from '../../../storage/sqlite/sqlite-journal.ts';

/** What a store has told its caller is durable, by resolving a promise. */
export type Acknowledgement =
  | { readonly kind: 'opened' }
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'answer'; readonly segment: SegmentId; readonly id: AnswerId; readonly output: string }
  | { readonly kind: 'outcome'; readonly segment: SegmentId; readonly sampleIndex: number; readonly text: string }
  | { readonly kind: 'segment'; readonly segment: SegmentId; readonly digest: Digest }
  | { readonly kind: 'published'; readonly taskResultId: string }
  /** From now on nothing is promised of a run and its results, nor of blobs that nothing refers to. */
  | { readonly kind: 'erasing'; readonly runId: string; readonly taskResultIds: readonly string[] }
  | { readonly kind: 'run-ended'; readonly runId: string; readonly status: FinalStatus };

export type Acknowledge = (acknowledgement: Acknowledgement) => void;

/** Writes acknowledgements as lines of a file that is recorded with everything else; one call a line gives it its place. */
export function openAcknowledgements(path: string): Acknowledge {
  const descriptor = openSync(path, 'a', 0o600);
  return (acknowledgement) => {
    writeSync(descriptor, `${JSON.stringify(acknowledgement)}\n`);
  };
}

/** From now on, whatever a store of this process resolves is acknowledged; blobs, which no class writes, apart. */
export function acknowledgeStoreWrites(acknowledge: Acknowledge): void {
  after(SqliteJournal.prototype, 'appendAnswer', ({ output }, segment, { answer: _answer, ...id }) =>
    acknowledge({ kind: 'answer', segment, id, output: JSON.stringify(output) }),
  );
  after(SqliteJournal.prototype, 'appendOutcome', (text, segment, { sampleIndex }) =>
    acknowledge({ kind: 'outcome', segment, sampleIndex, text }),
  );
  after(SqlResultIndex.prototype, 'registerSegment', (_nothing, segment, { blob: { digest } }) =>
    acknowledge({ kind: 'segment', segment, digest }),
  );
  after(SqlResultIndex.prototype, 'publish', (isPublished, taskResultId) => {
    if (isPublished) acknowledge({ kind: 'published', taskResultId });
  });
  after(SqlRunLog.prototype, 'createRun', (_nothing, { runId }) => acknowledge({ kind: 'run', runId }));
  after(SqlRunLog.prototype, 'recordRunEnd', (status, runId) => acknowledge({ kind: 'run-ended', runId, status }));
}

type Given<Method> = Method extends (...given: infer Parameters) => unknown ? Parameters : never;
type Result<Method> = Method extends (...given: never[]) => Promise<infer Resolved> ? Resolved : never;

/** Has something done whenever a method has succeeded, before its caller hears of it. */
function after<Prototype, Name extends keyof Prototype>(
  prototype: Prototype,
  name: Name,
  doNext: (result: Result<Prototype[Name]>, ...given: Given<Prototype[Name]>) => void,
): void {
  type Method = (...given: Given<Prototype[Name]>) => Promise<Result<Prototype[Name]>>;
  const methods = prototype as Record<Name, Method>;
  const method = methods[name];
  methods[name] = async function (this: unknown, ...given) {
    const result = await method.apply(this, given);
    doNext(result, ...given);
    return result;
  };
}
