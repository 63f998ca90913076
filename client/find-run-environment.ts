import path from 'node:path';
import type { JsonObject } from '../contracts/json.ts';
import { readEnvironment } from '../planning/run-file/read-environment.ts';
import type { RunRecord } from '../storage/run-log.ts';
import type { Host } from './host.ts';

/** The environment of the file that a run was started from, read anew: values of secrets are never stored. */
export function findRunEnvironment(
  run: Pick<RunRecord, 'file' | 'origin'>,
  host: Pick<Host, 'environment' | 'workingDirectory'>,
): Readonly<Record<string, string | undefined>> {
  const envFile = (run.origin as JsonObject)['env_file'];
  return readEnvironment({
    environment: host.environment,
    workingDirectory: host.workingDirectory,
    ...(run.file === null ? {} : { runDirectory: path.dirname(run.file) }),
    ...(typeof envFile === 'string' ? { envFile } : {}),
  });
}

/** The environment of a process that works on runs of any file: its own, with the `.env` where it was started. */
export function readOwnEnvironment(
  { environment, workingDirectory }: Pick<Host, 'environment' | 'workingDirectory'>,
  envFile: string | undefined,
): Readonly<Record<string, string | undefined>> {
  return readEnvironment({ environment, workingDirectory, ...(envFile === undefined ? {} : { envFile }) });
}
