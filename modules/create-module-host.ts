import { availableParallelism } from 'node:os';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { ModuleHost } from '../contracts/module-host.ts';
import type { HostErrorReport } from '../hosts/host-call.ts';
import { HostPool } from '../hosts/host-pool.ts';
import { createBundleFiles } from './bundle-files.ts';
import { openThreadsWith } from './open-thread.ts';

export interface ModuleHostOptions {
  /** Threads at most; they start when there is work for them. Default: one per core, 2 to 4. */
  readonly threads?: number;
  /** JavaScript heap of one thread. Default 512. */
  readonly memoryLimitMb?: number;
  /** How long a module may take to load in `check`. Default 30 s. */
  readonly loadTimeoutMs?: number;
}

/** A pool of worker threads for user code; see {@link ModuleHost} for what it bears. */
export function createModuleHost(options: ModuleHostOptions = {}): ModuleHost {
  const pool = new HostPool({
    hosts: options.threads ?? Math.min(4, Math.max(2, availableParallelism())),
    open: openThreadsWith(options.memoryLimitMb ?? 512),
    fail,
  });
  const files = createBundleFiles();
  return {
    async call(bundle, exportName, argument, { timeoutMs, signal }) {
      const message = { url: files.getUrl(bundle), exportName, argument: JSON.stringify(argument) };
      return (await pool.run({ ...describeExport(exportName), message, timeoutMs }, signal)).value;
    },
    async check(bundle, exportName) {
      const message = { url: files.getUrl(bundle), exportName };
      const timeoutMs = options.loadTimeoutMs ?? 30_000;
      try {
        await pool.run({ ...describeExport(exportName), message, timeoutMs });
      } catch (error) {
        if (!(error instanceof EvaluationError) || error.code !== 'module-failed') throw error;
        throw new EvaluationError(
          'module-invalid',
          error.message,
          error.hint === undefined ? {} : { hint: error.hint },
        );
      }
    },
    async close() {
      pool.close();
      files.close();
    },
  };
}

function describeExport(exportName: string) {
  const name = `"${exportName}"`;
  return {
    name,
    answer: undefined,
    describe({ message, isThrown, status }: HostErrorReport): EvaluationError {
      if (!isThrown) return fail(message);
      const cause = Object.assign(new Error(message), status === undefined ? {} : { status });
      return new EvaluationError('module-failed', `${name} threw: ${message}`, { cause });
    },
  };
}

function fail(message: string): EvaluationError {
  return new EvaluationError('module-failed', message);
}
