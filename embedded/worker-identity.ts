import { hostname } from 'node:os';
import type { ProcessRecord } from '../storage/run-log.ts';
import { isProcessAlive, isRunningHere } from './process-registry.ts';

const pattern = /^stet\/(?<host>[^/]+)\/(?<pid>\d+)\/(?<processId>[^/]+)(?:\/\d+)?$/;

/** Name under which a process's workers appear in Temporal: `stet/<host>/<pid>/<process id>`. */
export function makeWorkerIdentity(process: Pick<ProcessRecord, 'host' | 'pid' | 'processId'>): string {
  return `stet/${process.host}/${process.pid}/${process.processId}`;
}

/**
 * A check whether the worker of that name is certainly gone.
 *
 * Says no wherever it cannot know: foreign names, unregistered processes of other hosts, and unregistered ones whose pid
 * is in use. Those are left to the heartbeat time-out.
 */
export function createDeadWorkerCheck(registered: readonly ProcessRecord[]): (identity: string) => boolean {
  const processes = new Map(registered.map((process) => [process.processId, process]));
  return (identity) => {
    const { host, pid, processId } = pattern.exec(identity)?.groups ?? {};
    if (host === undefined || pid === undefined || processId === undefined) return false;
    const record = processes.get(processId);
    if (record !== undefined) return !isProcessAlive(record);
    return host === hostname() && !isRunningHere({ host, pid: Number(pid), startMark: '' });
  };
}

/** Whether a name is that of a worker of Stet. */
export function isWorker(identity: string): boolean {
  return pattern.test(identity);
}

/** Whether a worker of that name is one of the process. */
export function isWorkerOf({ processId }: Pick<ProcessRecord, 'processId'>, identity: string): boolean {
  return pattern.exec(identity)?.groups?.['processId'] === processId;
}
