import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../storage/open-store.ts';
import { bundleScript } from '../bundle-script.ts';
import { makeRun } from './samples.ts';

/** Processes that take queries of one run, and are killed while they do, on whatever store. */
export function describeSpendingFaults(makeLocation: () => Promise<string>): void {
  let root: string;
  let script: string;
  let children: ChildProcess[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'stet-takers-'));
    script = join(root, 'query-taker.mjs');
    await bundleScript(new URL('query-taker.ts', import.meta.url), script);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  function startTaker(location: string, lanes: number) {
    const child = fork(script, [location, 'run', String(lanes)], { execArgv: [] });
    children = [...children, child];
    const taker = { child, given: 0 };
    child.on('message', () => {
      taker.given++;
    });
    return taker;
  }

  test('of one run are given as many as its limit says, whoever is killed meanwhile', async () => {
    const location = await makeLocation();
    const [limit, lanes] = [600, 12];
    const store = await openStore(location);
    try {
      await store.runs.createRun({ ...makeRun('run'), limits: { queries: limit } }, []);
      const doomed = startTaker(location, lanes);
      const others = [startTaker(location, lanes), startTaker(location, lanes)];
      await new Promise<void>((resolve) => {
        doomed.child.on('message', () => {
          if (doomed.given >= 40) resolve();
        });
        // Where the machine let the others be faster.
        doomed.child.on('exit', () => resolve());
      });
      await kill(doomed.child);
      expect(await Promise.all(others.map(({ child }) => waitForExit(child)))).toEqual([0, 0]);
      const given = [doomed, ...others].reduce((sum, taker) => sum + taker.given, 0);
      expect(given).toBeLessThanOrEqual(limit);
      // Lost is only what was counted and not yet given in the moment of the kill.
      expect(given).toBeGreaterThanOrEqual(limit - lanes);
      expect(await store.spending.find('run')).toMatchObject({ spent: { queries: limit }, reached: 'queries' });
    } finally {
      await store.close();
    }
  });
}

/** Resolves once it has ended and everything that it said has been heard. */
async function waitForExit(child: ChildProcess): Promise<number | null> {
  if (child.connected) await once(child, 'disconnect');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await waitForExit(child);
}
