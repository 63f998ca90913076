import { constants } from 'node:fs';
import { readFile } from 'node:fs/promises';

// What `record-writes.c` appends to its log; the kinds are in the order of its `enum kind`.

export const operationKinds = [
  'open',
  'close',
  'duplicate',
  'write',
  'truncate',
  'rename',
  'unlink',
  'make-folder',
  'remove-folder',
  'link',
  'sync-begin',
  'sync-end',
  'map',
  'unknown',
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** One call that changed something below the recorded folder. */
export interface Operation {
  readonly kind: OperationKind;
  /** A descriptor means something within its process only. */
  readonly process: number;
  /** -1 where the call names a path. */
  readonly descriptor: number;
  /** Relative to the recorded folder; empty where the call names a descriptor, and for the folder itself. */
  readonly path: string;
  /** Flags of an open, offset of a write, size of a truncation, number of a sync, second descriptor of a duplicate. */
  readonly number: number;
  /** What was written; of a rename or link the second path. */
  readonly data: Buffer;
}

/** Something that the recorded process was told is durable, before the operation at `position`. */
export interface Marked<Acknowledgement> {
  readonly position: number;
  readonly acknowledgement: Acknowledgement;
}

export interface Recording<Acknowledgement> {
  readonly operations: readonly Operation[];
  readonly acknowledgements: readonly Marked<Acknowledgement>[];
}

/** File below the recorded folder to which the recorded process writes a line of JSON for each acknowledgement. */
export const acknowledgementFile = 'acknowledgements.jsonl';

const headerBytes = 32;

/**
 * Reads a log. Acknowledgements come in it as writes to a file of their own, which gives each its place among the
 * operations; here they are taken out.
 */
export async function readRecording<Acknowledgement>(path: string): Promise<Recording<Acknowledgement>> {
  const operations: Operation[] = [];
  const acknowledgements: Marked<Acknowledgement>[] = [];
  const channels = new Set<string>();
  for (const operation of parseOperations(await readFile(path))) {
    const name = `${operation.process}:${operation.descriptor}`;
    if (operation.kind === 'open') {
      if (operation.path === acknowledgementFile) channels.add(name);
      else channels.delete(name);
    }
    if (!channels.has(name)) operations.push(operation);
    else if (operation.kind === 'close') channels.delete(name);
    else if (operation.kind === 'write') {
      const acknowledgement = JSON.parse(operation.data.toString('utf8')) as Acknowledgement;
      acknowledgements.push({ position: operations.length, acknowledgement });
    }
  }
  return { operations, acknowledgements };
}

function* parseOperations(log: Buffer): Generator<Operation> {
  for (let start = 0; start < log.length; ) {
    const kind = operationKinds[log.readUInt32LE(start)];
    if (kind === undefined) throw new Error(`The log of operations is broken at byte ${start}.`);
    const pathStart = start + headerBytes;
    const dataStart = pathStart + log.readUInt32LE(start + 12);
    const end = dataStart + Number(log.readBigUInt64LE(start + 16));
    yield {
      kind,
      process: log.readInt32LE(start + 4),
      descriptor: log.readInt32LE(start + 8),
      path: log.toString('utf8', pathStart, dataStart),
      number: Number(log.readBigInt64LE(start + 24)),
      data: log.subarray(dataStart, end),
    };
    start = end;
  }
}

export function opensNew(flags: number): boolean {
  return (flags & constants.O_CREAT) !== 0;
}

export function opensEmpty(flags: number): boolean {
  return (flags & constants.O_TRUNC) !== 0;
}
