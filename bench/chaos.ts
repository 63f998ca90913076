import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { renderClusterFigures } from './chaos/cluster/render-cluster-figures.ts';
import { runClusterChaos } from './chaos/cluster/run-cluster-chaos.ts';
import { endAllCommands } from './chaos/command.ts';
import { type ChaosOptions, readOptions, usage } from './chaos/options.ts';
import { killProcesses } from './chaos/processes.ts';
import { renderFigures } from './chaos/render-figures.ts';
import { createSay } from './chaos/report.ts';
import { runChaos } from './chaos/run-chaos.ts';

// `npm run chaos -- --minutes N --seed S [--kills N] [--workers N]`: evaluations that are killed, stopped and mistreated at
// random, until the time is over; with workers, on a cluster. Says what holds and what does not, and exits with 1 for the
// latter.

process.exitCode = await main();

async function main(): Promise<number> {
  let options: ChaosOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
  const { seed } = options;
  console.log(`seed ${seed}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-chaos-'));
  const endEverything = async () => {
    endAllCommands();
    await killProcesses(folder);
  };
  let isLeaving = false;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      isLeaving = true;
      void endEverything()
        .then(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
        .finally(() => process.exit(code));
    });
  }

  let problems: readonly string[];
  try {
    problems = await play(options, folder);
  } catch (error) {
    problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await endEverything();
  }
  if (isLeaving) return new Promise(() => {}); // what broke off, broke off for that
  if (problems.length === 0) {
    await rm(folder, { recursive: true, force: true });
    console.log(`Everything holds (seed ${seed}).`);
    return 0;
  }
  console.error(`Seed ${seed}: ${problems.length} things do not hold; what is left is kept in ${folder}.`);
  for (const problem of problems) console.error(`  ${problem}`);
  return 1;
}

/** Prints the figures. @returns what does not hold. */
async function play(options: ChaosOptions, folder: string): Promise<readonly string[]> {
  const { workers } = options;
  if (workers !== undefined) {
    const figures = await runClusterChaos({ ...options, workers }, folder, createSay());
    console.log(renderClusterFigures(figures));
    return figures.problems;
  }
  const figures = await runChaos(options, folder, createSay());
  console.log(renderFigures(figures));
  return figures.problems;
}
