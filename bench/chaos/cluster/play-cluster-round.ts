import { setTimeout as sleep } from 'node:timers/promises';
import { createAftermath } from '../aftermath.ts';
import { createChanges } from '../changes.ts';
import type { Command } from '../command.ts';
import type { Evaluation } from '../evaluation.ts';
import type { Knowledge } from '../knowledge.ts';
import { watchPauses } from '../pauses.ts';
import type { Random } from '../random.ts';
import type { Say } from '../report.ts';
import { createRoundView } from '../round-view.ts';
import { watchForStandstill } from '../standstill.ts';
import type { Service } from '../start-service.ts';
import { waitForMoment } from '../wait-for-moment.ts';
import { writeRunFile } from '../write-run-file.ts';
import { type Client, startClient } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Fault } from './draw-fault.ts';
import { performFault } from './perform-fault.ts';
import { createTrouble } from './trouble.ts';
import { startWorker } from './worker.ts';

export interface ClusterRoundSetting {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly workers: number;
  readonly service: Service;
  readonly known: Knowledge;
  /** Of choices of this round only. */
  readonly random: Random;
  readonly drawFault: () => Fault;
  /** Asked before each fault. */
  readonly mayInterrupt: () => boolean;
  /** Hears of each fault, and gives its number. */
  readonly countFault: (fault: Fault) => number;
  readonly nameStart: () => string;
  readonly say: Say;
}

export interface PlayedClusterRound {
  /** Starts of workers that may have lost what they had in flight, and how often. */
  readonly losses: ReadonlyMap<string, number>;
  /** Starts that stood still for longer than the heartbeat time-out. */
  readonly sleepers: ReadonlySet<string>;
  readonly clientsGivenUp: number;
  readonly workersGivenUp: number;
  /** The longest time without a query while some were left. */
  readonly longestPauseMs: number;
}

/** Few enough for a round to end, so that a longer run meets all policies. */
const faultsPerRound = { least: 6, most: 11 } as const;
const latestBeginMs = 3_000;

/**
 * Runs workers, begins evaluations from other processes, several at once, and watches them to their end, under faults;
 * then drains the workers. Rejects when a process ends as it must not, or everything hangs.
 */
export async function playClusterRound(
  evaluations: readonly Evaluation[],
  setting: ClusterRoundSetting,
): Promise<PlayedClusterRound> {
  const { folder, cluster, service, random, say, nameStart } = setting;
  const { environment } = cluster;
  const changes = createChanges();
  const trouble = createTrouble();
  const over = new AbortController();
  const losses = new Map<string, number>();
  const sleepers = new Set<string>();
  const asleep = new Set<Promise<void>>();
  const clients: Client[] = [];
  const startMs = performance.now();
  const common = { folder, environment, nameStart, trouble, onChange: changes.announce };

  const sayGivenUp = (role: string, { lastLines }: Command) => {
    const said = lastLines.findLast((line) => /^(?:Unexpected )?error:/.test(line)) ?? lastLines.at(-1);
    say(`the ${role} gave up for want of a server: ${said ?? 'it said nothing'}`);
  };

  const endComingUp = trouble.begin();
  const workers = Array.from({ length: setting.workers }, (_, index) =>
    startWorker({
      ...common,
      role: `worker ${index + 1}`,
      onGivenUp: (command) => sayGivenUp(`worker ${index + 1}`, command),
    }),
  );
  const awaitWorkers = () => changes.waitUntil(() => workers.every(({ isWorking }) => isWorking), over.signal);
  awaitWorkers().then(endComingUp, endComingUp);

  const hasRun = () => clients.some(({ run }) => run !== undefined);
  const view = createRoundView(evaluations, { known: setting.known, service, hasRun });
  const pauses = watchPauses(say);
  const stopListening = service.onProgress((progress) => {
    pauses.see(progress, view.isEverythingAnswered);
    changes.announce();
  });
  const aftermath = createAftermath(changes, {
    service,
    isAlive: (name) => workers.some(({ command }) => command.name === name && command.end === undefined),
    describeWork: () => '',
    say,
  });
  const standstill = watchForStandstill(changes, () =>
    [...workers, ...clients].map(
      ({ role, command }) => `The ${role}, pid ${command.pid}:\n${command.lastLines.join('\n')}`,
    ),
  );
  const addClient = async (evaluation: Evaluation, index: number): Promise<void> => {
    if (index > 0) await sleep(random.integer(0, latestBeginMs), undefined, { signal: over.signal });
    const role = index === 0 ? 'client' : `client ${index + 1}`;
    const client = startClient({
      ...common,
      role,
      file: await writeRunFile(folder, `${evaluation.key}.json`, evaluation, service.baseUrl),
      onGivenUp: (command) => sayGivenUp(role, command),
      signal: over.signal,
    });
    clients.push(client);
    await client.done;
  };
  const allDone = Promise.all(evaluations.map(addClient));
  const ended = Promise.race([allDone, standstill.happened, ...workers.map(({ failed }) => failed)]).finally(() =>
    over.abort(),
  );
  ended.catch(() => undefined); // thrown below
  allDone.catch(() => undefined);

  try {
    await interrupt();
    await ended;
    await Promise.all(asleep);
  } finally {
    aftermath.settle('the round was over');
    standstill.end();
    stopListening();
    over.abort();
  }
  await Promise.all(workers.map((worker) => worker.drain()));
  const sum = (counts: readonly { readonly givenUp: number }[]) =>
    counts.reduce((total, { givenUp }) => total + givenUp, 0);
  return {
    losses,
    sleepers,
    clientsGivenUp: sum(clients),
    workersGivenUp: sum(workers),
    longestPauseMs: pauses.longestMs,
  };

  async function interrupt(): Promise<void> {
    for (let left = random.integer(faultsPerRound.least, faultsPerRound.most); left > 0; left--) {
      const fault = setting.drawFault();
      const { signal } = over;
      const impatient = AbortSignal.timeout(fault.patienceMs);
      await waitForMoment(fault, {
        changes,
        view,
        hasRun,
        getStartMs: () => startMs,
        signal: AbortSignal.any([signal, impatient]),
      }).catch((error: unknown) => {
        if (!signal.aborted && !impatient.aborted) throw error;
      });
      if (signal.aborted || !setting.mayInterrupt()) return;
      aftermath.settle('was followed by another fault');
      const where = `${view.phase}, ${view.describeProgress()}, ${service.progress.inFlight} in flight`;
      const atMs = performance.now();
      const what = await performFault(fault, {
        cluster,
        workers,
        trouble,
        countLoss(names) {
          for (const name of names) losses.set(name, (losses.get(name) ?? 0) + 1);
        },
        fallAsleep(worker, durationMs) {
          sleepers.add(worker.command.name);
          const sleeping = worker.stop(durationMs, signal);
          asleep.add(sleeping);
        },
        awaitWorkers,
      });
      if (what !== undefined) aftermath.begin(`fault ${setting.countFault(fault)}: ${what} (${where})`, atMs);
    }
  }
}
