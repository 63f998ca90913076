import { Disk, type DiskImage } from './disk.ts';
import type { Marked, Operation, Recording } from './operation-log.ts';
import { makeLuck, type PowerCut, powerCuts } from './power-cut.ts';
import type { Random } from './random.ts';

/** What is left of a recording whose power was cut. */
export interface Crash<Acknowledgement> {
  /** Operations that were over. */
  readonly position: number;
  readonly cut: PowerCut;
  readonly image: DiskImage;
  /** What the process had been told by then. */
  readonly acknowledged: readonly Acknowledgement[];
}

export interface CrashOptions {
  readonly count: number;
  readonly random: Random;
  /** Power is cut before an operation from this one … */
  readonly from?: number;
  /** … to this one. */
  readonly to?: number;
  /** Taken in turn; default: each kind. */
  readonly cuts?: readonly PowerCut[];
  /** Syncs that are left out, as if the program had forgotten them: path of the file or folder, number of the operation. */
  readonly forgets?: (path: string, position: number) => boolean;
}

/** SQLite's shared memory, which is changed without a call, and what Temporal's server writes, which is not recorded. */
export function isLeftOut(path: string): boolean {
  return path.endsWith('-shm') || /\/temporal\/(?:.*\/)?(?:temporal\.db(?:-\w+)?|server\.log)$/.test(path);
}

/** Cuts the power at random operations, in their order: half of the times right after something was acknowledged. */
export function* listCrashes<Acknowledgement>(
  { operations, acknowledgements }: Recording<Acknowledgement>,
  { count, random, from = 0, to = operations.length, cuts = powerCuts, forgets = () => false }: CrashOptions,
): Generator<Crash<Acknowledgement>> {
  const promising = acknowledgements.map(({ position }) => position).filter((each) => each >= from && each <= to);
  const positions = Array.from({ length: count }, (_, index) =>
    index % 2 === 0 && promising.length > 0
      ? (promising[random.upTo(promising.length - 1)] ?? from)
      : from + random.upTo(to - from),
  ).sort((left, right) => left - right);
  const disk = new Disk(isLeftOut);
  let done = 0;
  for (const [index, position] of positions.entries()) {
    for (; done < position; done++) doUnlessForgotten(disk, operations[done], (path) => forgets(path, done));
    const cut = cuts[index % cuts.length] ?? 'only-synced';
    yield {
      position,
      cut,
      image: disk.cutPower(makeLuck(cut, random)),
      acknowledged: listUpTo(acknowledgements, position),
    };
  }
}

/** The whole recording, done on a disk that loses nothing. */
export function replay({ operations }: Pick<Recording<unknown>, 'operations'>): Disk {
  const disk = new Disk(isLeftOut);
  for (const operation of operations) disk.do(operation);
  return disk;
}

function doUnlessForgotten(disk: Disk, operation: Operation | undefined, forgets: (path: string) => boolean): void {
  if (operation === undefined) return;
  const isSync = operation.kind === 'sync-begin' || operation.kind === 'sync-end';
  if (isSync && forgets(disk.findPath(operation))) return;
  disk.do(operation);
}

function listUpTo<Acknowledgement>(
  acknowledgements: readonly Marked<Acknowledgement>[],
  position: number,
): readonly Acknowledgement[] {
  return acknowledgements.filter((marked) => marked.position <= position).map((marked) => marked.acknowledgement);
}
