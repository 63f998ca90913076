import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** No kill after that; undefined: as long as it takes. */
  readonly minutes: number | undefined;
  readonly kills: number | undefined;
  readonly seed: string;
  /** A cluster with so many workers; undefined: commands that bring everything along. */
  readonly workers: number | undefined;
}

export const usage =
  'npm run chaos -- [--minutes N] [--kills N] [--seed S] [--workers N]   (without minutes and kills: --minutes 2)';

/** @throws {Error} for what is no option. */
export function readOptions(commandLine: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      minutes: { type: 'string' },
      kills: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
    },
  });
  const minutes = readNumber('--minutes', values.minutes);
  const kills = readNumber('--kills', values.kills);
  const workers = readNumber('--workers', values.workers);
  if (workers !== undefined && !Number.isInteger(workers)) throw new Error(`--workers ${workers}: not a whole number.`);
  const seed = values.seed ?? String(Math.floor(Math.random() * 1e9));
  return { minutes: minutes ?? (kills === undefined ? 2 : undefined), kills, seed, workers };
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${name} ${text}: not a number above 0.`);
}
