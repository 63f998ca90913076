import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds } from '../report.ts';
import type { Cluster } from './cluster.ts';
import type { Fault } from './draw-fault.ts';
import type { Trouble } from './trouble.ts';
import type { Worker } from './worker.ts';

export interface ClusterScene {
  readonly cluster: Cluster;
  readonly workers: readonly Worker[];
  readonly trouble: Trouble;
  /** These starts may have lost what they had in flight. */
  readonly countLoss: (names: readonly string[]) => void;
  /** Stands still from now on, and goes on later. */
  readonly fallAsleep: (worker: Worker, durationMs: number) => void;
  /** Workers are away until they work again. */
  readonly awaitWorkers: () => Promise<void>;
}

/**
 * Does it, and says what was done; undefined where no worker is awake for it. Resolves when what was taken away is back,
 * workers apart.
 */
export async function performFault(fault: Fault, scene: ClusterScene): Promise<string | undefined> {
  const { cluster, workers, trouble, countLoss } = scene;
  const { database, temporal } = cluster;
  const { restartMs } = fault;
  // One that has ended and not yet been started again has nothing to lose; a sleeper is to wake up.
  const present = workers.filter(({ command }) => command.end === undefined);
  const awake = present.filter(({ isAsleep }) => !isAsleep);
  const chosen = awake[fault.worker % awake.length];
  const back = `back after ${formatSeconds(restartMs)}`;
  const count = (hit: readonly Worker[]) => countLoss(hit.map(({ command }) => command.name));
  const kill = (doomed: readonly Worker[]) => {
    count(doomed);
    for (const worker of doomed) worker.kill(restartMs);
    const endTrouble = trouble.begin();
    void scene.awaitWorkers().then(endTrouble, endTrouble);
  };
  const whileAway = async (away: () => Promise<void>, come: () => Promise<void>) => {
    const endTrouble = trouble.begin();
    await away();
    await sleep(restartMs);
    await come();
    endTrouble();
  };
  const crashDatabase = async () => {
    count(present);
    await whileAway(
      () => database.crash(),
      () => database.start(),
    );
  };
  const killTemporal = () =>
    whileAway(
      () => temporal.kill(),
      () => temporal.start(),
    );
  switch (fault.kind) {
    case 'worker-killed':
      if (chosen === undefined) return undefined;
      kill([chosen]);
      return `kill -9 of ${chosen.role}, ${back}`;
    case 'all-workers-killed':
      kill(present);
      return `kill -9 of all workers, ${back}`;
    case 'worker-stopped':
      if (chosen === undefined) return undefined;
      count([chosen]);
      scene.fallAsleep(chosen, fault.stopMs);
      return `SIGSTOP of ${chosen.role} for ${formatSeconds(fault.stopMs)}`;
    case 'database-crashed':
      await crashDatabase();
      return `immediate stop of PostgreSQL, ${back}`;
    case 'sessions-cut': {
      const endTrouble = trouble.begin();
      count(present);
      const sessions = await cluster.cutSessions();
      endTrouble();
      return `${sessions} sessions of PostgreSQL ended`;
    }
    case 'temporal-killed':
      await killTemporal();
      return `kill -9 of the Temporal server, ${back}`;
    case 'everything-killed':
      kill(present);
      await Promise.all([crashDatabase(), killTemporal()]);
      return `kill -9 of all workers and the Temporal server, immediate stop of PostgreSQL, ${back}`;
  }
}
