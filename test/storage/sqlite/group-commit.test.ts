import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GroupCommit } from '../../../storage/sqlite/group-commit.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** @param commitMs - What each commit takes. */
function collect(commitMs = 0) {
  const commits: number[] = [];
  let committingMs = 0;
  const queue = new GroupCommit<string>(
    (entries) => {
      commits.push(entries.length);
      committingMs += commitMs;
    },
    () => performance.now() + committingMs,
  );
  const add = (count: number) => {
    for (let index = 0; index < count; index++) queue.add(`entry ${index}`);
  };
  return { commits, queue, add };
}

test('commits a lone entry in the same turn, one after the other', () => {
  const { commits, add } = collect();
  for (let round = 1; round <= 5; round++) {
    add(1);
    vi.advanceTimersByTime(0);
    expect(commits).toHaveLength(round);
  }
});

test('commits everything that comes in one turn together', () => {
  const { commits, add } = collect();
  add(100);
  expect(commits).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(commits).toEqual([100]);
});

test('does not keep writers that all came back', () => {
  const { commits, add } = collect();
  for (let round = 0; round < 5; round++) {
    add(20);
    vi.advanceTimersByTime(0);
  }
  expect(commits).toEqual([20, 20, 20, 20, 20]);
});

test('does not keep entries that trickle in for longer than two commits take', () => {
  const { commits, add } = collect(1);
  add(20);
  vi.advanceTimersByTime(0);
  for (let ms = 0; ms < 2; ms++) {
    expect(commits).toEqual([20]);
    add(1);
    vi.advanceTimersByTime(1);
  }
  expect(commits).toEqual([20, 2]);
});

test('lets entries that trickle in after a slow commit share one, for 5 ms at most', () => {
  const { commits, add } = collect(10);
  add(20);
  vi.advanceTimersByTime(0);
  for (let ms = 0; ms < 4; ms++) {
    add(1);
    vi.advanceTimersByTime(1);
  }
  expect(commits).toEqual([20]);
  vi.advanceTimersByTime(1);
  expect(commits).toEqual([20, 4]);
});

test('commits at once when nothing was committed for a while', () => {
  const { commits, add } = collect();
  add(20);
  vi.advanceTimersByTime(0);
  vi.advanceTimersByTime(50);
  add(1);
  vi.advanceTimersByTime(0);
  expect(commits).toEqual([20, 1]);
});

test('commits what waits when it is told to, once', () => {
  const { commits, queue, add } = collect();
  add(3);
  queue.flush();
  queue.flush();
  vi.advanceTimersByTime(100);
  expect(commits).toEqual([3]);
});
