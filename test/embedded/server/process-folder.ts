import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRecord, RunLog } from '../../../storage/run-log.ts';

/** The registry of processes alone, a file for each, so that these tests need no store. */
export function openProcessFolder(folder: string): Pick<RunLog, 'registerProcess' | 'listProcesses' | 'removeProcess'> {
  mkdirSync(folder, { recursive: true });
  return {
    async registerProcess(process) {
      writeFileSync(join(folder, process.processId), JSON.stringify(process));
    },
    async listProcesses() {
      return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessRecord);
    },
    async removeProcess(processId) {
      rmSync(join(folder, processId), { force: true });
    },
  };
}
