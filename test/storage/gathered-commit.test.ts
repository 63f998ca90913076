import { expect, test } from 'vitest';
import { GatheredCommit } from '../../storage/gathered-commit.ts';

/** Commits that end when the test says so. */
function makeCommits() {
  const batches: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const commits = new GatheredCommit<number>((entries) => {
    batches.push(entries);
    return new Promise((resolve) => ends.push(resolve));
  });
  return { commits, batches, endNext: () => ends.shift()?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('entries of one turn, and those that come while a commit is on its way, share one', async () => {
  const { commits, batches, endNext } = makeCommits();
  for (const entry of [1, 2]) commits.add(entry);
  await turn();
  for (const entry of [3, 4, 5]) commits.add(entry);
  await turn();
  expect(batches).toEqual([[1, 2]]);
  endNext();
  await turn();
  expect(batches).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  endNext();
  await turn();
  commits.add(6);
  await turn();
  expect(batches.at(-1)).toEqual([6]);
});

test('a drain waits for what was added before it, and for nothing that comes later', async () => {
  const { commits, endNext } = makeCommits();
  await commits.drain();
  const drained: string[] = [];
  commits.add(1);
  void commits.drain().then(() => drained.push('first'));
  await turn();
  void commits.drain().then(() => drained.push('on its way'));
  commits.add(2);
  void commits.drain().then(() => drained.push('second'));
  await turn();
  expect(drained).toEqual([]);
  endNext();
  await turn();
  expect(drained.toSorted()).toEqual(['first', 'on its way']);
  // There is always something waiting now, as with many writers.
  commits.add(3);
  endNext();
  await turn();
  expect(drained.at(-1)).toBe('second');
});
