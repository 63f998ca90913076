import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  describeThisProcess,
  identifyProcess,
  isProcessAlive,
  isRunningHere,
} from '../../embedded/process-registry.ts';
import { createDeadWorkerCheck, makeWorkerIdentity } from '../../embedded/worker-identity.ts';

/** A process that ends when its input does. */
function startProcess() {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const end = async (): Promise<void> => {
    child.stdin.end();
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, end };
}

describe('a recorded process', () => {
  it('is described with a new id each time, and alive', () => {
    const record = describeThisProcess('run');
    expect(record).toMatchObject({ host: hostname(), pid: process.pid, command: 'run' });
    expect(record.processId).not.toBe(describeThisProcess('run').processId);
    expect(isRunningHere(record)).toBe(true);
  });

  it('is dead once it has ended', async () => {
    const child = startProcess();
    const record = identifyProcess(child.pid);
    expect(isRunningHere(record)).toBe(true);
    await child.end();
    expect(isRunningHere(record)).toBe(false);
  });

  it('is dead when its pid belongs to a later process', () => {
    const record = identifyProcess(process.pid);
    expect(isRunningHere({ ...record, startMark: `${record.startMark}0` })).toBe(false);
  });

  it('is dead when this host was started again since', () => {
    const record = identifyProcess(process.pid);
    expect(isRunningHere({ ...record, startMark: record.startMark.replace(/^[0-9a-f]+/i, '0') })).toBe(false);
  });

  it('is judged here although the host has another name by now', async () => {
    const child = startProcess();
    const record = { ...identifyProcess(child.pid), host: 'the-name-at-the-office' };
    expect(isRunningHere(record)).toBe(true);
    await child.end();
    expect(isRunningHere(record)).toBe(false);
  });

  it('counts as alive on another host for as long as it gives signs of life', () => {
    const seenAt = '2026-11-21T12:00:00.000Z';
    const nowMs = Date.parse(seenAt);
    const record = { host: 'elsewhere', pid: process.pid, startMark: 'another boot pid:[1]|5', seenAt };
    expect(isProcessAlive(record, nowMs)).toBe(true);
    expect(isProcessAlive(record, nowMs + 60_000)).toBe(true);
    expect(isProcessAlive(record, nowMs + 60_001)).toBe(false);
    expect(isProcessAlive({ ...record, seenAt: new Date(nowMs + 50_000).toISOString() }, nowMs + 60_001)).toBe(true);
    expect(isRunningHere(record)).toBe(false);
  });

  it('needs no sign of life on this machine, where its end can be seen', () => {
    const record = describeThisProcess('run');
    expect(isProcessAlive(record, Date.parse(record.seenAt) + 86_400_000)).toBe(true);
    expect(isProcessAlive({ ...record, startMark: `${record.startMark}0` }, Date.parse(record.seenAt))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is dead as a zombie', async () => {
    // a parent that is too busy to ask for the end of its child
    const program = `
      const child = require('node:child_process').spawn('sh', ['-c', 'read _'], { stdio: ['pipe', 'ignore', 'ignore'] });
      console.log(child.pid);
      process.stdin.once('data', () => {
        child.stdin.destroy();
        require('node:fs').writeSync(1, 'busy');
        for (const until = Date.now() + 60_000; Date.now() < until; );
      });`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const record = identifyProcess(Number(line.toString()));
      expect(isRunningHere(record)).toBe(true);
      parent.stdin.write('go\n');
      await once(parent.stdout, 'data');
      await expect.poll(() => isRunningHere(record)).toBe(false);
      expect(() => process.kill(record.pid, 0)).not.toThrow(); // its pid is still taken
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('the worker of a process', () => {
  const self = describeThisProcess('run');

  it('is not dead while its process lives', () => {
    expect(createDeadWorkerCheck([self])(makeWorkerIdentity(self))).toBe(false);
  });

  it('is dead when its registered process is, even if the pid is in use again', () => {
    const record = { ...self, startMark: `${self.startMark}0` };
    expect(createDeadWorkerCheck([record])(makeWorkerIdentity(record))).toBe(true);
  });

  it('is dead without registration only when nothing has its pid', async () => {
    const child = startProcess();
    const identity = makeWorkerIdentity({ host: hostname(), pid: child.pid, processId: 'unregistered' });
    expect(createDeadWorkerCheck([])(identity)).toBe(false);
    await child.end();
    expect(createDeadWorkerCheck([])(identity)).toBe(true);
  });

  it('is dead on another host once its process gives no signs of life', () => {
    const silentSince = new Date(Date.now() - 61_000).toISOString();
    const elsewhere = { ...self, host: 'elsewhere', startMark: 'another boot pid:[1]|5' };
    expect(createDeadWorkerCheck([elsewhere])(makeWorkerIdentity(elsewhere))).toBe(false);
    expect(createDeadWorkerCheck([{ ...elsewhere, seenAt: silentSince }])(makeWorkerIdentity(elsewhere))).toBe(true);
  });

  it('is left to the heartbeat time-out on another host, and under a name that is not ours', () => {
    const isDead = createDeadWorkerCheck([self]);
    expect(isDead('stet/elsewhere/999999/unregistered')).toBe(false);
    expect(isDead('999999@somewhere')).toBe(false);
    expect(isDead('')).toBe(false);
  });
});
