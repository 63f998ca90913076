import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchServer } from '../../embedded/server/watch-server.ts';
import { watchDisk } from '../../embedded/watch-disk.ts';

// What keeps a command from waiting without a word, or for ever. The clock is the test's.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function listen() {
  const notices: string[] = [];
  const losses: unknown[] = [];
  return {
    notices,
    losses,
    onNotice: (line: string) => void notices.push(line),
    onLost: (reason: unknown) => void losses.push(reason),
  };
}

describe('the watch over the server', () => {
  it('says once what keeps the server from coming back, and gives up after a minute', async () => {
    const heard = listen();
    const gone = new Error('Its port is taken.');
    const watch = watchServer({ revive: () => Promise.reject(gone) }, heard.onNotice, heard.onLost);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(heard).toMatchObject({ notices: ['Its port is taken.'], losses: [] });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).toMatchObject({ notices: ['Its port is taken.'], losses: [gone] });
    await watch.stop();
  });

  it('has its patience anew after each time the server came back', async () => {
    const heard = listen();
    let isBack = false;
    const revive = async () => {
      if (!isBack) throw new Error('The disk is full.');
      return { restarted: false, isFresh: false };
    };
    const watch = watchServer({ revive }, heard.onNotice, heard.onLost);
    for (let time = 0; time < 3; time++) {
      isBack = false;
      await vi.advanceTimersByTimeAsync(50_000);
      isBack = true;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(heard).toMatchObject({ notices: Array(3).fill('The disk is full.'), losses: [] });
    await watch.stop();
  });
});

describe('the watch over the disk', () => {
  it('says when it is full and when there is room again, once each', async () => {
    const heard = listen();
    let free = 50_000_000;
    const watch = watchDisk('/store', heard, async () => free);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard.notices).toEqual([]);
    free = 20_000;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(heard.notices).toEqual([expect.stringContaining('disk of the store is full (/store)')]);
    free = 50_000_000;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard.notices).toEqual([expect.any(String), expect.stringContaining('room on the disk again')]);
    expect(heard.losses).toEqual([]);
    watch.stop();
  });

  it('gives up after five minutes, with what to do, and says nothing more', async () => {
    const heard = listen();
    watchDisk('/store', heard, async () => 0);
    await vi.advanceTimersByTimeAsync(299_000);
    expect(heard.losses).toEqual([]);
    await vi.advanceTimersByTimeAsync(900_000);
    expect(heard.losses).toEqual([
      expect.objectContaining({ code: 'store-failed', hint: expect.stringContaining('run the same command again') }),
    ]);
    expect(heard.notices).toHaveLength(1);
  });

  it('leaves a file system alone that does not tell', async () => {
    const heard = listen();
    const watch = watchDisk('/store', heard, () => Promise.reject(new Error('ENOSYS')));
    await vi.advanceTimersByTimeAsync(900_000);
    expect(heard).toMatchObject({ notices: [], losses: [] });
    watch.stop();
  });
});
