import { ConfigurationError, type ErrorCode, EvaluationError, usageErrorCodes } from '../contracts/evaluation-error.ts';
import type { StopSignal } from './command-context.ts';

export const exitCodes = {
  done: 0,
  /** A task result failed or was cancelled from elsewhere; also whatever nobody foresaw. */
  failed: 1,
  /** Usage or configuration; nothing was spent. */
  usage: 2,
  /** A gate such as `--frozen`. */
  gate: 3,
  /** `plan --exit-code`, and work would run. */
  workToDo: 4,
} as const;

/** As a shell reports a process that the signal ended: 128 + its number. */
export const signalExitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const usageCodes: ReadonlySet<ErrorCode> = new Set(usageErrorCodes);

/** Exit code of a command that ended with an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError) return exitCodes.usage;
  if (!(error instanceof EvaluationError)) return exitCodes.failed;
  if (error.code === 'frozen') return exitCodes.gate;
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}
