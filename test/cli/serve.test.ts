import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { makeGate } from '../activities/fake-models.ts';
import { FakeContext, makeRun } from './fake-stet.ts';

/** Runs a command that stays until it is stopped. */
function start(commandLine: string) {
  const context = new FakeContext(commandLine);
  return { context, ended: runProgram(context, '1.2.3') };
}

async function untilSaid(context: FakeContext, text: string): Promise<void> {
  while (!context.errorOutput.includes(text)) await turn();
}

describe('stet worker and stet up', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('drain on %s and end with 0', async (signal) => {
    const { context, ended } = start('worker --max-segments 4 --env worker.env --health 8081 --metrics 9090');
    await untilSaid(context, 'Working: ');
    expect(context.startedWith).toMatchObject({
      role: 'worker',
      maxSegments: 4,
      envFile: 'worker.env',
      health: '8081',
      metrics: '9090',
    });
    context.send(signal);
    expect(await ended).toBe(0);
    expect([context.worker.stops, context.leftWith]).toEqual([1, undefined]);
    expect(context.errorOutput).toContain('Draining: nothing new is taken');
    expect(context.listenerCount).toBe(0);
  });

  it('leave at once on a second signal, as if killed', async () => {
    const { context, ended } = start('up');
    const gate = makeGate();
    context.worker.stop = () => gate.promise;
    await untilSaid(context, 'Up: takes up');
    context.send('SIGINT');
    context.send('SIGTERM');
    expect(context.leftWith).toBe(143);
    gate.open();
    await ended;
  });

  it('say where they are reached, with --json in one document', async () => {
    const { context, ended } = start('up --json');
    await untilSaid(context, 'Up: takes up');
    expect(context.startedWith).toMatchObject({ role: 'up', ui: true });
    context.send('SIGTERM');
    expect(await ended).toBe(0);
    expect(JSON.parse(context.output)).toEqual({
      store_id: 'store1',
      temporal: { address: '127.0.0.1:7233', namespace: 'default', kind: 'embedded' },
      web_ui: null,
      health: null,
      metrics: null,
    });
  });

  it('drain what they have and end with the reason when nothing goes on any more', async () => {
    const { context, ended } = start('worker');
    await untilSaid(context, 'Working: ');
    context.worker.lose(new EvaluationError('store-failed', 'The disk has been full for 5 minutes.'));
    expect(await ended).toBe(1);
    expect(context.worker.stops).toBe(1);
    expect(context.errorOutput).toContain('The disk has been full');
  });

  it('end with 0 when they are stopped while they wait for Temporal, and with 2 where they may not start', async () => {
    const waiting = start('worker');
    waiting.context.worker.start = ({ waitUntil }) =>
      new Promise((_, reject) => waitUntil.addEventListener('abort', () => reject(new Error('stopped'))));
    await turn();
    while (waiting.context.listenerCount === 0) await turn();
    waiting.context.send('SIGTERM');
    expect(await waiting.ended).toBe(0);

    const refused = new FakeContext('up');
    refused.worker.start = async () => {
      throw new EvaluationError('usage', '"stet up" runs on this store already.');
    };
    expect(await runProgram(refused, '1.2.3')).toBe(2);
    expect(refused.errorOutput).toContain('runs on this store already');
  });
});

describe('stet run --detach', () => {
  it('says how to watch, show and cancel the run, and does not wait for it', async () => {
    const context = new FakeContext('run -f run.yaml --detach');
    context.stet.isEndless = true;
    context.stet.runDocument = makeRun({ status: 'pending', ended_at: null });
    expect(await runProgram(context, '1.2.3')).toBe(0);
    expect(context.stet.asked).toContainEqual({ run: 'run.yaml', options: expect.objectContaining({ detach: true }) });
    for (const line of ['stet watch aaaabbbb', 'stet show aaaabbbb', 'stet cancel aaaabbbb']) {
      expect(context.output).toContain(line);
    }
  });

  it('prints the document of the run as it is then', async () => {
    const context = new FakeContext('run -f run.yaml --detach --json');
    context.stet.isEndless = true;
    expect(await runProgram(context, '1.2.3')).toBe(0);
    expect(JSON.parse(context.output)).toMatchObject({ run: 'aaaabbbb00000000', status: 'running' });
  });
});

describe('stet watch', () => {
  it('prints the document at the end, with the exit code of the run', async () => {
    const failed = new FakeContext('watch nightly --json');
    failed.stet.runDocument = makeRun({ status: 'failed' });
    expect(await runProgram(failed, '1.2.3')).toBe(1);
    expect(JSON.parse(failed.output)).toMatchObject({ status: 'failed' });
    expect(failed.stet.asked).toContainEqual({ watch: 'nightly' });
    expect(await runProgram(new FakeContext('watch'), '1.2.3')).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends on %s without cancelling the run', async (signal, code) => {
    const context = new FakeContext('watch');
    context.stet.isEndless = true;
    context.stet.onRunning = () => context.send(signal);
    expect(await runProgram(context, '1.2.3')).toBe(code);
    expect(context.stet.asked).not.toContain('handle.cancel');
    expect(context.output).toContain('Run aaaabbbb goes on. Follow it: stet watch aaaabbbb');
  });
});
