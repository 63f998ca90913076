import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from './command.ts';
import type { Interruption } from './draw-interruption.ts';
import type { Party } from './party.ts';
import { findTemporalServer, signalProcess } from './processes.ts';
import { formatSeconds } from './report.ts';

/** A garbage collection is killed within that time: while it comes up, at work, or after its end. */
const longestCollectionMs = 1_000;

export interface Scene {
  readonly folder: string;
  readonly store: string;
  /** Who is still at work: the command, and the neighbour behind it. */
  readonly parties: readonly Party[];
  /** Nobody is started again before the promise has settled. */
  readonly holdStarts: (until: Promise<void>) => void;
}

/** Does it, and says to whom; undefined where nobody of that kind was there. */
export async function performDeed({ deed, stopMs }: Interruption, scene: Scene): Promise<string | undefined> {
  const { act, targets } = deed;
  const parties = chooseParties(targets, scene.parties);
  const server = targets.includes('server') ? await findTemporalServer(scene.store) : undefined;
  const names = [...parties.map(({ role }) => role), ...(server === undefined ? [] : ['Temporal server'])];
  if (act === 'collect') return collectBeside(scene, stopMs);
  if (names.length === 0) return undefined;
  const whom = names.join(', ');
  // Who comes up on a server that is taken away may say so and end; who has begun must go on by itself.
  if (server !== undefined) for (const party of scene.parties) if (party.command.run === undefined) party.excuse();
  switch (act) {
    case 'kill': {
      if (deed.losesDatabase === true) {
        await killAndLoseDatabase(scene);
        return `kill -9 of ${whom}; Temporal's database deleted`;
      }
      for (const party of parties) party.kill();
      if (server !== undefined) signalProcess(server.pid, 'SIGKILL');
      return `kill -9 of ${whom}`;
    }
    case 'drain':
      for (const party of parties) party.drain();
      return `SIGTERM to ${whom}`;
    case 'stop': {
      const stopped = parties.map(({ command }) => command);
      const signalAll = (signal: 'SIGSTOP' | 'SIGCONT') => {
        for (const command of stopped) command.signal(signal);
        if (server !== undefined) signalProcess(server.pid, signal);
      };
      signalAll('SIGSTOP');
      await sleep(stopMs);
      signalAll('SIGCONT');
      return `SIGSTOP of ${whom} for ${formatSeconds(stopMs)}`;
    }
  }
}

/** Deletes the database as a person who tidies up would, and leaves what lies beside it. */
export async function removeTemporalDatabase(store: string): Promise<void> {
  for (const suffix of ['-shm', '-wal', '']) {
    await rm(path.join(store, 'temporal', `temporal.db${suffix}`), { force: true });
  }
}

/** Where there is no neighbour, or the command is done, the other one is meant. */
function chooseParties(targets: readonly string[], atWork: readonly Party[]): readonly Party[] {
  if (targets.includes('command') && targets.includes('neighbour')) return atWork;
  const chosen = targets.includes('command') ? atWork[0] : targets.includes('neighbour') ? atWork.at(-1) : undefined;
  return chosen === undefined ? [] : [chosen];
}

/** Every other one is killed while it works. */
async function collectBeside({ folder, store }: Scene, drawnMs: number): Promise<string> {
  const command = startCommand(['cache', 'gc', '--store', store], { name: 'garbage-collection', folder });
  const isKilled = drawnMs % 2 === 0;
  if (isKilled) await Promise.race([command.ended, sleep(drawnMs % longestCollectionMs)]);
  if (isKilled) command.signal('SIGKILL');
  const { code, signal } = await command.ended;
  if (code !== 0 && signal !== 'SIGKILL') {
    throw new Error(`stet cache gc ended with ${code}; it said:\n${command.lastLines.join('\n')}`);
  }
  return `a garbage collection${signal === 'SIGKILL' ? ', killed itself' : ''}`;
}

async function killAndLoseDatabase({ store, parties, holdStarts }: Scene): Promise<void> {
  let release = () => {};
  holdStarts(new Promise((resolve) => (release = resolve)));
  try {
    for (const party of parties) party.kill();
    await Promise.all(parties.map(({ command }) => command.ended));
    // Only now can nobody start another server, which would go on with a file that is no more.
    for (;;) {
      const server = await findTemporalServer(store);
      if (server === undefined) break;
      signalProcess(server.pid, 'SIGKILL');
      await sleep(10);
    }
    await removeTemporalDatabase(store);
  } finally {
    release();
  }
}
