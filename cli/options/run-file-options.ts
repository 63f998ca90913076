import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PlanOptions } from '../../client/stet.ts';
import { type CachePolicy, cachePolicies } from '../../contracts/cache-policy.ts';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { collectSetOption, type SetOption } from './set-option.ts';

/** Options of the commands that read a run file, as commander hands them over. */
export interface RunFileFlags {
  readonly file: string;
  readonly set?: readonly SetOption[];
  readonly only?: readonly string[];
  readonly numSamples?: number;
  readonly cachePolicy?: CachePolicy;
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
    ...(flags.env === undefined ? {} : { envFile: flags.env }),
    ...(flags.verifyData === undefined ? {} : { verifyData: flags.verifyData }),
  };
}

export function parsePositiveInteger(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(`"${text}" is not a whole number of at least 1.`);
  }
  return value;
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
