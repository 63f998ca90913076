import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessRecord } from '../storage/run-log.ts';

/** What tells one process from every other, later ones under its pid included. */
export type ProcessIdentity = Pick<ProcessRecord, 'host' | 'pid' | 'startMark'>;

/** Record of the calling process, under a new random id. Not registered yet. */
export function describeThisProcess(command: string): ProcessRecord {
  const now = new Date().toISOString();
  return { processId: randomUUID(), ...identifyProcess(process.pid), command, registeredAt: now, seenAt: now };
}

/** Identity of a process of this machine that runs now; the mark is empty where the system does not tell. */
export function identifyProcess(pid: number): ProcessIdentity {
  return { host: hostname(), pid, startMark: readStartMark(pid) ?? '' };
}

/** How often a process that works renews its record. */
export const signOfLifeIntervalMs = 10_000;
/** A process of another machine that was silent for longer counts as dead: five signs of life are missing by then. */
export const maximumSilenceMs = 60_000;

/**
 * Whether a recorded process still runs.
 *
 * Certain for processes of this machine. Of one of **another machine or another container** only its signs of life are
 * known here, so it counts as alive until it has been silent for a minute. Both ways to be wrong have a price. A killed
 * container keeps its runs for a minute; without the bound it would keep them for ever. A process that is stopped for
 * longer (a paused container, clocks that differ by a minute) loses its runs while it may still have queries in flight:
 * those are sent again, at most as many as were in flight. Nothing worse can happen, since each segment is given to one
 * worker at a time and the first answer to be recorded stands.
 */
export function isProcessAlive(
  record: ProcessIdentity & Pick<ProcessRecord, 'seenAt'>,
  nowMs: number = Date.now(),
): boolean {
  if (isOnThisMachine(record)) return isRunningHere(record);
  return nowMs - Date.parse(record.seenAt) <= maximumSilenceMs;
}

/**
 * Whether a process of this machine runs: the pid exists, is no zombie, and was started when the record says. Containers
 * that share a host name count as one machine: what another incarnation of them left behind is dead.
 */
export function isRunningHere(record: ProcessIdentity): boolean {
  if (!isOnThisMachine(record) || !existsProcess(record.pid)) return false;
  const mark = readStartMark(record.pid);
  if (mark === undefined) return true;
  return record.startMark === '' ? !mark.endsWith(`|${ended}`) : mark === record.startMark;
}

/** Whether pids of the record mean processes of this system; host names alone do not tell, since laptops change theirs. */
export function isOnThisMachine(record: ProcessIdentity): boolean {
  if (record.host === hostname()) return true;
  const machine = readMachineMark();
  return machine !== '' && record.startMark.startsWith(`${machine}|`);
}

function existsProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's process
  }
}

/** In place of a start: a zombie, which has ended though its pid is still taken. */
const ended = 'ended';

/** Undefined where the system does not tell. */
function readStartMark(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return `${readMachineMark()}|${readLinuxStart(pid)}`;
    if (process.platform === 'darwin') return `${readMachineMark()}|${readDarwinStart(pid)}`;
    return undefined;
  } catch {
    return undefined; // /proc can hide other users' processes
  }
}

function readLinuxStart(pid: number): string {
  const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name in parentheses may itself hold spaces and parentheses: count the fields from behind it
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? ended : (fields[19] ?? '');
}

function readDarwinStart(pid: number): string {
  const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: environment,
  }).trim();
  const [state = '', ...start] = line.split(/\s+/);
  return state.startsWith('Z') ? ended : start.join(' ');
}

let machineMark: string | undefined;

/** This boot of this system, and within it the set of pids that this process can see; empty where unknown. */
export function readMachineMark(): string {
  machineMark ??= findMachineMark();
  return machineMark;
}

function findMachineMark(): string {
  try {
    if (process.platform === 'darwin') {
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
    }
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
