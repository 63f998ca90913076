import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { FakeContext } from './fake-stet.ts';

async function run(commandLine: string, context = new FakeContext(commandLine)) {
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context };
}

describe('pause and unpause', () => {
  it('say what happens now, and how the run goes on', async () => {
    const { exitCode, context } = await run('pause latest');
    expect(exitCode).toBe(0);
    expect(context.output).toMatch(/is paused: nothing new is sent.*stet unpause/);
  });

  it('say when there is nothing to change', async () => {
    const { exitCode, context } = await run('unpause latest');
    expect(exitCode).toBe(0);
    expect(context.output).toContain('is not paused');
  });

  it('print the run with --json', async () => {
    const { context } = await run('pause latest --json');
    expect(JSON.parse(context.output)).toMatchObject({ paused_at: '2026-11-21T10:00:00.000Z' });
  });
});
