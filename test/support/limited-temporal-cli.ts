import { randomUUID } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { findTemporalCli } from '../../embedded/server/find-cli.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

/**
 * An environment in which the embedded server has other limits: continue-as-new, for example, is then reached by a run
 * of a few dozen segments. The CLI that it names is the real one, started with more arguments.
 */
export async function limitTemporal(
  folder: TemporaryFolder,
  dynamicConfig: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const cli = await findTemporalCli({
    environment: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const limits = Object.entries(dynamicConfig).map(([key, value]) => `--dynamic-config-value ${key}=${value}`);
  const script = await folder.write(
    `temporal-${randomUUID()}.sh`,
    [
      '#!/bin/sh',
      'case "$1" in',
      `server) exec '${cli.path}' "$@" ${limits.join(' ')} ;;`,
      `*) exec '${cli.path}' "$@" ;;`,
      'esac',
      '',
    ].join('\n'),
  );
  await chmod(script, 0o755);
  return { ...process.env, STET_TEMPORAL_CLI: script };
}
