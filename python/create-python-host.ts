import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import type { JsonValue } from '../contracts/json.ts';
import {
  type PythonCallOptions,
  type PythonEntry,
  type PythonHost,
  type PythonResult,
  type PythonSnippet,
  pythonFunctions,
} from '../contracts/python-host.ts';
import type { HostErrorReport } from '../hosts/host-call.ts';
import { HostPool } from '../hosts/host-pool.ts';
import { describeFailure } from './describe-failure.ts';
import { findPython, type Python } from './find-python.ts';
import { findSources } from './find-sources.ts';
import { hideSecrets } from './hide-secrets.ts';
import { openPythonProcesses } from './open-python-process.ts';

export interface PythonHostOptions {
  /** Names Python as `STET_PYTHON`, and holds what processes inherit. Default: that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Processes at most; they start when there is work for them. Default: one per core, 2 to 4. */
  readonly processes?: number;
  /** Data that one process may hold. Default 2048. */
  readonly memoryLimitMb?: number;
  /** How long a call may compute where it does not say. Default 300 s (format 21.2). */
  readonly timeoutMs?: number;
  /** How long a snippet may take to load in `check`. Default 60 s: imports of large packages take their time. */
  readonly loadTimeoutMs?: number;
}

/** A pool of Python processes; see {@link PythonHost} for what it bears. Nothing is started before the first call. */
export function createPythonHost(options: PythonHostOptions = {}): PythonHost {
  const environment = options.environment ?? process.env;
  const memoryLimitMb = options.memoryLimitMb ?? 2_048;
  const sources = findSources();
  let python: Promise<Python> | undefined;
  let command = '';
  let directory: string | undefined;
  const written = new Set<string>();
  const remove = () => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    directory = undefined;
  };
  const getDirectory = (): string => {
    if (directory === undefined) {
      directory = mkdtempSync(path.join(tmpdir(), 'stet-python-'));
      process.once('exit', remove);
    }
    return directory;
  };
  const pool = new HostPool({
    hosts: options.processes ?? Math.min(4, Math.max(2, availableParallelism())),
    open: openPythonProcesses(() => ({ command, sources, directory: getDirectory(), memoryLimitMb, environment })),
    fail: (message) => new EvaluationError('python-failed', message),
  });

  /** Without an argument the snippet is only loaded and looked at. */
  async function run(
    snippet: PythonSnippet,
    entry: PythonEntry,
    { timeoutMs, signal, secrets = {}, answer }: PythonCallOptions & { readonly timeoutMs: number },
    argument?: JsonValue,
  ): Promise<PythonResult> {
    python ??= findPython(environment);
    ({ command } = await python);
    const { file, line } = snippet;
    const name = `\`${pythonFunctions[entry]}\``;
    const message = {
      entry,
      path: getFile(snippet),
      file,
      line,
      secrets,
      ...(argument === undefined ? {} : { argument: JSON.stringify(argument) }),
    };
    const describe = (report: HostErrorReport) =>
      describeFailure(report, { name, file, memoryLimitMb, hide: (text) => hideSecrets(text, secrets) });
    const { value, log } = await pool.run({ name, message, timeoutMs, answer, describe }, signal);
    return log === undefined ? { value } : { value, log: hideSecrets(log, secrets) };
  }

  function getFile({ digest, source }: PythonSnippet): string {
    const file = path.join(getDirectory(), `${digest.replace(/[^A-Za-z0-9]+/g, '-')}.py`);
    if (!written.has(file)) {
      writeFileSync(file, source, { mode: 0o600 });
      written.add(file);
    }
    return file;
  }

  return {
    call: (snippet, entry, argument, callOptions = {}) =>
      run(snippet, entry, { timeoutMs: options.timeoutMs ?? 300_000, ...callOptions }, argument),
    async check(snippet, entry, secrets = {}) {
      try {
        await run(snippet, entry, { timeoutMs: options.loadTimeoutMs ?? 60_000, secrets });
      } catch (error) {
        if (!(error instanceof EvaluationError) || error.code !== 'python-failed') throw error;
        const { message, hint } = error;
        throw new EvaluationError('python-invalid', message, hint === undefined ? {} : { hint });
      }
    },
    async close() {
      pool.close();
      process.removeListener('exit', remove);
      remove();
    },
  };
}
