import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchTemporal } from '../../../embedded/remote/watch-temporal.ts';

it('says once that Temporal does not answer, and once that it is back', async () => {
  let isThere = true;
  const lines: string[] = [];
  const ask = async () => {
    if (!isThere) throw new Error('away');
  };
  const watch = watchTemporal(ask, 'Temporal at a:1', (line) => lines.push(line), 1);
  isThere = false;
  while (watch.isAnswering) await sleep(1);
  isThere = true;
  while (!watch.isAnswering) await sleep(1);
  await watch.stop();
  expect(lines).toEqual([
    'Temporal at a:1 does not answer. What was answered is kept; trying again.',
    'Temporal at a:1 is back.',
  ]);
});
