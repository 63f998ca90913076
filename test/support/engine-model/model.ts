import type { CachePolicy, Verdict } from '../../../contracts/cache-policy.ts';
import { isFinal, type Status } from '../../../contracts/status.ts';
import type { Condition } from './blobs.ts';
import type { QueryStage } from './gate.ts';
import { rowCount, type Shape, type Wanted } from './settings.ts';

// What the reference model knows of a store: runs, task results, and what was sent for them.

export interface TaskModel extends Wanted {
  readonly runIndex: number;
  status: Status;
  reuse: Verdict | null;
  /** Name of the task result whose work stands. */
  source: string | null;
  isCurrent: boolean;
  /** Orders solver outputs by when they were solved; null where there are none. */
  solved: string | null;
  attempt: number;
  /** What it does while its run is open and not over yet. */
  phase: 'none' | 'queued' | 'waiting' | QueryStage;
  lock: string | null;
  waitsFor: string | null;
  /** Of each row: answered and refused queries of the solver, answered queries of the judge. */
  answered: number[];
  refused: number[];
  judged: number[];
  /** Queries sent that are not answered yet. */
  inFlight: number;
  failedRows: number[];
  /** What became of its blobs: solver outputs, and everything else. */
  outputs: Condition;
  scores: Condition;
}

export interface RunModel {
  readonly index: number;
  readonly policy: CachePolicy;
  readonly shape: Shape;
  readonly planIdentity: string;
  /** The credential that its own environment file names. */
  readonly ownMark: string;
  mark: string;
  /** The process that works on it. */
  process: number | null;
  /** The run that waited for it and took it up; when that one ends nobody works on this one any more. */
  rescuer: number | null;
  status: Status;
  attempt: number;
  allowance: Record<QueryStage, number>;
  isCancelling: boolean;
  readonly tasks: TaskModel[];
}

export interface Model {
  readonly runs: RunModel[];
  /** Queries sent so far, by credential. */
  readonly sent: Record<string, Record<QueryStage, number>>;
  /** Queries whose answer is in the rows of a task result, by credential, stage and row. */
  readonly received: Record<string, Record<QueryStage, number[]>>;
  failingRow: number | null;
  clock: number;
}

export const emptyModel: Model = { runs: [], sent: {}, received: {}, failingRow: null, clock: 0 };

export const nameTask = ({ runIndex, key }: Pick<TaskModel, 'runIndex' | 'key'>): string => `${runIndex}${key}`;

export const isOpen = ({ status }: RunModel): boolean => !isFinal(status);

export function makeTask(runIndex: number, wanted: Wanted): TaskModel {
  return {
    ...wanted,
    runIndex,
    status: 'pending',
    reuse: null,
    source: null,
    isCurrent: false,
    solved: null,
    attempt: 1,
    phase: 'none',
    lock: null,
    waitsFor: null,
    answered: listRows().map(() => 0),
    refused: listRows().map(() => 0),
    judged: listRows().map(() => 0),
    inFlight: 0,
    failedRows: [],
    outputs: 'intact',
    scores: 'intact',
  };
}

export function getReceived(model: Model, mark: string): Record<QueryStage, number[]> {
  return (model.received[mark] ??= { solve: listRows().map(() => 0), judge: listRows().map(() => 0) });
}

export function addTo(counts: number[], index: number, more: number): void {
  counts[index] = (counts[index] ?? 0) + more;
}

export function listRows(): readonly number[] {
  return Array.from({ length: rowCount }, (_, row) => row);
}
