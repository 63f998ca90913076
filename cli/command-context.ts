import type { Stet } from '../client/stet.ts';
import type { Diagnosis } from '../embedded/diagnose.ts';
import type { NamesQuestion, StoredName } from '../embedded/list-names.ts';
import type { MigratedStore, MigrateOptions } from '../embedded/migrate-store.ts';
import type { RekeyOptions, RekeyReport } from '../embedded/rekey-store.ts';
import type { StartedWorker } from '../embedded/start-worker.ts';

/** A stream that takes text: standard output or error, or what a test collects. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Whether the reader has gone. */
  readonly destroyed?: boolean | undefined;
}

export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof stopSignals)[number];

export interface OpenOptions {
  readonly store?: string;
  /** Starts Temporal's web UI beside the server. */
  readonly ui?: boolean;
  readonly onNotice?: (message: string) => void;
}

export interface StartWorkerOptions extends OpenOptions {
  readonly role: 'worker' | 'up';
  /** Read in place of the `.env` in the working directory. */
  readonly envFile?: string;
  readonly maxSegments?: number;
  readonly maxCachedWorkflows?: number;
  /** Where health is shown: `port` or `host:port`. */
  readonly health?: string;
  /** Where metrics are shown. */
  readonly metrics?: string;
  /** A Temporal that does not answer yet is waited for until it fires. */
  readonly waitUntil: AbortSignal;
}

export interface DiagnoseOptions {
  readonly store?: string;
  readonly onNotice?: (message: string) => void;
}

/** Everything a command touches outside its own code; `main.ts` gives the real things, tests give fakes. */
export interface CommandContext {
  open(options: OpenOptions): Promise<Stet>;
  startWorker(options: StartWorkerOptions): Promise<StartedWorker>;
  diagnose(options: DiagnoseOptions): Promise<readonly Diagnosis[]>;
  migrate(options: MigrateOptions): Promise<MigratedStore>;
  rekey(options: RekeyOptions): Promise<RekeyReport>;
  /** Names in a store, for completion; without Temporal. */
  listNames(question: NamesQuestion, options: { readonly store?: string }): Promise<readonly StoredName[]>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** What was typed behind the program's name; recorded with a run. */
  readonly commandLine: readonly string[];
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Asks on the terminal and gives the line that is typed, undefined at the end of the input. Undefined where nobody can
   * answer: the input, or the output that the question goes to, is no terminal.
   */
  readonly ask:
    | ((question: string, options: { readonly signal: AbortSignal }) => Promise<string | undefined>)
    | undefined;
  /** Listens for signals that stop a command; the function it returns stops listening. */
  onStopSignal(listener: (signal: StopSignal) => void): () => void;
  /** Ends the process at once, as if killed. */
  leave(exitCode: number): void;
}
