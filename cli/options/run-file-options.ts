import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PlanOptions } from '../../client/stet.ts';
import { type CachePolicy, cachePolicies } from '../../contracts/cache-policy.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { parseDuration } from './parse-duration.ts';
import { parsePositiveInteger } from './parse-positive-integer.ts';
import { collectSetOption, type SetOption } from './set-option.ts';

/** Options of the commands that read a run file, as commander hands them over. */
export interface RunFileFlags {
  readonly file: string;
  readonly set?: readonly SetOption[];
  readonly only?: readonly string[];
  readonly numSamples?: number;
  readonly cachePolicy?: CachePolicy;
  readonly maxQueries?: number;
  readonly maxCost?: number;
  readonly maxTokens?: number;
  /** Milliseconds. */
  readonly maxDuration?: number;
  readonly env?: string;
  readonly verifyData?: boolean;
}

export function addRunFileOptions(command: Command): Command {
  return addOverrideOptions(command.requiredOption('-f, --file <file>', 'run file (YAML or JSON)'));
}

/** What changes or surrounds a run file. */
export function addOverrideOptions(command: Command): Command {
  return command
    .option('--set <path=value>', 'change a value of the run file; may be repeated', collectSetOption)
    .option('--only <task>', 'only this task specification; may be repeated, or name several with commas', collectKeys)
    .option('--num-samples <number>', 'at most this many samples per dataset', parsePositiveInteger)
    .addOption(
      new Option(
        '--cache-policy <policy>',
        'what may be taken from the store (default: as the run file or STET_CACHE_POLICY says)',
      ).choices(cachePolicies),
    )
    .option(
      '--max-queries <number>',
      'send at most this many queries in all attempts of the run, retries included (limits.queries)',
      parsePositiveInteger,
    )
    .option('--max-cost <dollars>', 'send nothing more once answers have cost so much (limits.cost)', parseDollars)
    .option(
      '--max-tokens <number>',
      'send nothing more once so many tokens are used (limits.tokens)',
      parsePositiveInteger,
    )
    .option(
      '--max-duration <duration>',
      'send nothing more once the run was worked on for so long, such as 30m (limits.duration_s)',
      parseDuration,
    )
    .option('--env <file>', 'read this file in place of the .env beside the run file; it beats the environment')
    .option('--verify-data', 'read every data file anew, also where it looks unchanged');
}

/** @throws {EvaluationError} `usage` when `STET_CACHE_POLICY` is no policy. */
export function toPlanOptions(
  flags: Omit<RunFileFlags, 'file'>,
  environment: Readonly<Record<string, string | undefined>>,
): PlanOptions {
  const cachePolicy = flags.cachePolicy ?? readCachePolicy(environment['STET_CACHE_POLICY']);
  return {
    ...(flags.set === undefined ? {} : { set: flags.set }),
    ...(flags.only === undefined ? {} : { only: flags.only }),
    ...(flags.numSamples === undefined ? {} : { numSamples: flags.numSamples }),
    ...(cachePolicy === undefined ? {} : { cachePolicy }),
    ...toLimitOptions(flags),
    ...(flags.env === undefined ? {} : { envFile: flags.env }),
    ...(flags.verifyData === undefined ? {} : { verifyData: flags.verifyData }),
  };
}

/** What a run may spend. */
export function toLimitOptions(
  flags: Pick<RunFileFlags, 'maxQueries' | 'maxCost' | 'maxTokens' | 'maxDuration'>,
): Pick<PlanOptions, 'maxQueries' | 'maxCost' | 'maxTokens' | 'maxDurationS'> {
  return {
    ...(flags.maxQueries === undefined ? {} : { maxQueries: flags.maxQueries }),
    ...(flags.maxCost === undefined ? {} : { maxCost: flags.maxCost }),
    ...(flags.maxTokens === undefined ? {} : { maxTokens: flags.maxTokens }),
    ...(flags.maxDuration === undefined ? {} : { maxDurationS: flags.maxDuration / 1_000 }),
  };
}

/** `5`, `0.25` or `$5`: US dollars. */
export function parseDollars(text: string): number {
  const [, digits] = /^\$?(\d{1,9}(?:\.\d{1,12})?)$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) <= 0) {
    throw new InvalidArgumentError(`"${text}" is not a sum of US dollars above 0, such as 2.50.`);
  }
  return Number(digits);
}

function collectKeys(text: string, earlier: readonly string[] = []): readonly string[] {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  if (keys.length === 0) throw new InvalidArgumentError('No task is named.');
  return [...earlier, ...keys];
}

function readCachePolicy(text: string | undefined): CachePolicy | undefined {
  if (text === undefined || text === '') return undefined;
  const policy = cachePolicies.find((known) => known === text);
  if (policy !== undefined) return policy;
  throw new EvaluationError('usage', `STET_CACHE_POLICY is ${JSON.stringify(text)}, which is no cache policy.`, {
    hint: `Set it to one of ${cachePolicies.join(', ')}, or unset it.`,
  });
}
