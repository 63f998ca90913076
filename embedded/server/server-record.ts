import { isRunningHere, type ProcessIdentity } from '../process-registry.ts';
import { readJsonObject, type ServerFiles, writeJsonObject } from './server-files.ts';

const serverStates = ['starting', 'ready', 'stopping'] as const;

/** The one server of a store, as its commands find it. Read and written under the lock only. */
export interface ServerRecord extends ProcessIdentity {
  /** `ready` once namespace and search attributes are set up; `stopping` once it was told to end. */
  readonly state: (typeof serverStates)[number];
  readonly port: number;
  readonly uiPort: number | null;
  readonly cliVersion: string;
  /** Names this start of the server for ever. */
  readonly nonce: string;
  /** What `ready` means: the names of the search attributes that were set up. Absent from records of older releases. */
  readonly searchAttributes?: string;
  /** When `state` was written; ISO 8601. */
  readonly stateSince: string;
}

/** The record, undefined where there is none or where it is none that this release wrote. */
export async function readServerRecord(files: ServerFiles): Promise<ServerRecord | undefined> {
  const value = await readJsonObject(files.record);
  return value !== undefined && isServerRecord(value) ? value : undefined;
}

export function writeServerRecord(files: ServerFiles, record: Omit<ServerRecord, 'stateSince'>): Promise<void> {
  return writeJsonObject(files.record, { ...record, stateSince: new Date().toISOString() });
}

/** A server on another machine is out of reach, since it listens on that machine's loopback. */
export function isServerAlive(record: ProcessIdentity): boolean {
  return isRunningHere(record);
}

function isServerRecord(value: object): value is ServerRecord {
  const record = value as Partial<Record<keyof ServerRecord, unknown>>;
  return (
    serverStates.some((state) => state === record.state) &&
    Number.isInteger(record.pid) &&
    Number.isInteger(record.port) &&
    (record.uiPort === null || Number.isInteger(record.uiPort)) &&
    [record.host, record.startMark, record.cliVersion, record.nonce, record.stateSince].every(
      (field) => typeof field === 'string',
    )
  );
}
