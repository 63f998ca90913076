import type { ProcessRecord } from '../storage/run-log.ts';
import type { Store } from '../storage/store.ts';
import type { Host } from './host.ts';

/** How processes that take up runs nobody sits in front of are called in the store's registry. */
export const workerCommand = 'stet worker';
export const upCommand = 'stet up';

/** Live processes of the store with such a name. */
export async function findWorking(
  host: Pick<Host, 'isProcessAlive'>,
  store: Pick<Store, 'runs'>,
  command: typeof workerCommand | typeof upCommand,
): Promise<readonly ProcessRecord[]> {
  const processes = await store.runs.listProcesses();
  return processes.filter((process) => process.command === command && host.isProcessAlive(process));
}
