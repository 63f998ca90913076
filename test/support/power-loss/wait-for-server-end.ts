import { setTimeout as sleep } from 'node:timers/promises';
import { locateServerFiles } from '../../../embedded/server/server-files.ts';
import { isServerAlive, readServerRecord } from '../../../embedded/server/server-record.ts';

/** Resolves once Temporal's server of a store, told to stop by the last command, has ended: it takes a second. */
export async function waitForServerEnd(store: string): Promise<void> {
  const record = await readServerRecord(locateServerFiles(store));
  while (record !== undefined && isServerAlive(record)) await sleep(20);
}
