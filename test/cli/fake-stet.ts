import type { CommandContext, OpenOptions, StartWorkerOptions, StopSignal } from '../../cli/command-context.ts';
import type { DiffByOptions, DiffDocument, DiffOptions } from '../../client/diff/diff-document.ts';
import type { AgainstDocument, ExplainDocument } from '../../client/explain/explain-documents.ts';
import type { PlannedTotalsDocument } from '../../client/plan/plan-usage-document.ts';
import type {
  PlanDocument,
  PlanTaskDocument,
  RunDocument,
  RunSummaryDocument,
  TaskDocument,
} from '../../client/run-document.ts';
import type {
  RescoreOptions,
  ResumableRun,
  ResumeChoice,
  ResumeOptions,
  RunEvent,
  RunHandle,
  RunOptions,
  SampleDocument,
  SamplesOptions,
  Stet,
  TryOptions,
} from '../../client/stet.ts';
import type { RescoreDocument, TryDocument } from '../../client/try/try-documents.ts';
import type { Diagnosis } from '../../embedded/diagnose.ts';
import type { NamesQuestion, StoredName } from '../../embedded/list-names.ts';
import type { MigratedStore, MigrateOptions } from '../../embedded/migrate-store.ts';
import type { RekeyOptions, RekeyReport } from '../../embedded/rekey-store.ts';
import type { StartedWorker } from '../../embedded/start-worker.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { FakeCache } from './fake-cache.ts';
import { FakeSchedules } from './fake-schedules.ts';

// The documents that the fake hands out; each test changes what it is about.

export const now = Date.parse('2026-03-01T12:00:00.000Z');

export function makePlanTask(change: Partial<PlanTaskDocument> = {}): PlanTaskDocument {
  return {
    key: 'answers',
    task_key: 'shop-questions',
    solver_key: `sha256:${'a'.repeat(64)}`,
    result_key: `sha256:${'b'.repeat(64)}`,
    reuse: 'none',
    reused_from: null,
    reused_at: null,
    samples: { total: 200 },
    trials: 1,
    model_queries: { sent: 200, retried: 0, saved: 0 },
    why: null,
    warnings: [],
    ...change,
  };
}

/** Nothing is known of what the queries take. */
export function makePlannedTotals(queries: number): PlannedTotalsDocument {
  return {
    queries,
    prompt_tokens: 0,
    completion_tokens: 0,
    cached_prompt_tokens: 0,
    cost_micros: '0',
    has_all_tokens: queries === 0,
    has_all_costs: queries === 0,
  };
}

export function makePlan(change: Partial<PlanDocument> = {}): PlanDocument {
  return {
    evaluation: 'quickstart',
    cache_policy: 'reuse',
    plan_digest: `sha256:${'c'.repeat(64)}`,
    model_queries: { sent: 200, retried: 0, saved: 0 },
    expected: { sent: makePlannedTotals(200), stood: makePlannedTotals(0), saved: makePlannedTotals(0) },
    tasks: [makePlanTask()],
    warnings: [],
    ...change,
  };
}

export function makeExplanation(change: Partial<ExplainDocument> = {}): ExplainDocument {
  return {
    run: 'aaaabbbb00000000',
    evaluation: 'quickstart',
    label: null,
    status: 'completed',
    attempt: 1,
    cache_policy: 'reuse',
    plan_digest: `sha256:${'c'.repeat(64)}`,
    started_at: '2026-03-01T11:59:50.000Z',
    ended_at: '2026-03-01T11:59:58.000Z',
    user: 'anna',
    host: 'desk',
    schedule: null,
    mends: null,
    tasks: [],
    ...change,
  };
}

export function makeAgainst(change: Partial<AgainstDocument> = {}): AgainstDocument {
  return {
    run: 'aaaabbbb00000000',
    label: null,
    started_at: '2026-03-01T11:59:50.000Z',
    evaluation: 'quickstart',
    plan_digest: `sha256:${'c'.repeat(64)}`,
    is_same: true,
    cache_policy: { before: 'reuse', after: 'reuse' },
    tasks: [],
    gone: [],
    ...change,
  };
}

export function makeTask(change: Partial<TaskDocument> = {}): TaskDocument {
  return {
    key: 'answers',
    task_key: 'shop-questions',
    task_result: 'tr0000000001',
    status: 'completed',
    reuse: 'none',
    reused_from: null,
    reused_at: null,
    samples: { total: 200, errors: 0, excluded_from_metrics: 0 },
    model_queries: { sent: 200, retried: 0, saved: 0 },
    metrics: { accuracy: 0.815 },
    metric_reasons: {},
    metrics_are_partial: false,
    result_digest: `sha256:${'d'.repeat(64)}`,
    error: null,
    warnings: [],
    why: null,
    started_at: '2026-03-01T11:59:50.000Z',
    ended_at: '2026-03-01T11:59:58.000Z',
    ...change,
  };
}

export function makeRun(change: Partial<RunDocument> = {}): RunDocument {
  return {
    run: 'aaaabbbb00000000',
    evaluation: 'quickstart',
    label: null,
    status: 'completed',
    attempt: 1,
    cache_policy: 'reuse',
    started_at: '2026-03-01T11:59:50.000Z',
    ended_at: '2026-03-01T11:59:58.000Z',
    duration_ms: 8000,
    model_queries: { sent: 200, retried: 0, saved: 0 },
    tasks: [makeTask()],
    origin: {},
    ...change,
  };
}

export function makeSummary(change: Partial<RunSummaryDocument> = {}): RunSummaryDocument {
  return {
    run: 'aaaabbbb00000000',
    evaluation: 'quickstart',
    label: null,
    status: 'completed',
    cache_policy: 'reuse',
    started_at: '2026-03-01T11:59:50.000Z',
    ended_at: '2026-03-01T11:59:58.000Z',
    tasks: 1,
    model_queries: { sent: 200, retried: 0, saved: 0 },
    has_owner: false,
    ...change,
  };
}

/** What the fake gives back and what it was asked. */
export function makeTryDocument(change: Partial<TryDocument> = {}): TryDocument {
  return {
    evaluation: 'quickstart',
    task: 'answers',
    task_key: 'shop-questions',
    model: 'assistant',
    samples: [],
    errors: 0,
    error: null,
    model_queries: { sent: 1, retried: 0 },
    usage: [],
    tokens: { prompt: 0, completion: 0, cached_prompt: 0 },
    cost_micros: null,
    warnings: [],
    ...change,
  };
}

export function makeRescoreDocument(change: Partial<RescoreDocument> = {}): RescoreDocument {
  return {
    run: 'aaaabbbb00000000',
    task: 'answers',
    evaluation: 'quickstart',
    solver_differs_in: [],
    samples: [],
    candidates: 0,
    changed: 0,
    errors: 0,
    error: null,
    model_queries: { sent: 0, retried: 0 },
    usage: [],
    tokens: { prompt: 0, completion: 0, cached_prompt: 0 },
    cost_micros: null,
    warnings: [],
    ...change,
  };
}

export class FakeStet implements Stet {
  planDocument = makePlan();
  runDocument = makeRun();
  summaries: readonly RunSummaryDocument[] = [];
  sampleDocuments: readonly SampleDocument[] = [];
  tryDocument = makeTryDocument();
  rescoreDocument = makeRescoreDocument();
  events: readonly RunEvent[] = [];
  attached = false;
  /** A failed or cancelled run that `run` meets; what was chosen is in `choice`. */
  resumable: ResumableRun | undefined;
  choice: ResumeChoice | undefined;
  /** Thrown by `plan`, or by `run`, when set. */
  planError: Error | undefined;
  runError: Error | undefined;
  /** Keeps a run going until it is cancelled or drained. */
  isEndless = false;
  /** Its last step is over by the time that it is drained. */
  endsWhileDrained = false;
  /** Done before a run gives its result. */
  beforeEnd: () => Promise<void> = async () => {};
  /** Called when the run's events are all out. */
  onRunning: () => void = () => {};
  readonly asked: unknown[] = [];
  isClosed = false;
  explainDocument = makeExplanation();
  againstDocument = makeAgainst();

  async plan(source: unknown, options: unknown): Promise<PlanDocument> {
    this.asked.push({ plan: source, options });
    if (this.planError !== undefined) throw this.planError;
    return this.planDocument;
  }

  async explain(run: string, options: unknown): Promise<ExplainDocument> {
    this.asked.push({ explain: run, options });
    return this.explainDocument;
  }

  async explainAgainst(source: unknown, run: string, options: unknown): Promise<AgainstDocument> {
    this.asked.push({ explain: source, against: run, options });
    return this.againstDocument;
  }

  async run(source: unknown, options?: RunOptions): Promise<RunHandle> {
    const { resume = 'new', signal, ...others } = options ?? {};
    this.asked.push({ run: source, options: others });
    if (this.runError !== undefined) throw this.runError;
    if (this.resumable !== undefined) {
      const choosing = typeof resume === 'string' ? resume : resume(this.resumable);
      this.choice = await Promise.race([choosing, rejectOnAbort(signal)]);
    }
    return this.makeHandle();
  }

  async resume(run: string, options: ResumeOptions = {}): Promise<RunHandle> {
    const { signal: _signal, ...others } = options;
    this.asked.push({ resume: run, options: others });
    return this.makeHandle();
  }

  async watch(run?: string): Promise<RunHandle> {
    this.asked.push({ watch: run });
    return { ...this.makeHandle(), isFollowed: true };
  }

  async pause(run: string): Promise<RunDocument> {
    this.asked.push({ pause: run });
    this.runDocument = { ...this.runDocument, paused_at: '2026-11-21T10:00:00.000Z' };
    return this.runDocument;
  }

  async unpause(run: string): Promise<RunDocument> {
    this.asked.push({ unpause: run });
    this.runDocument = { ...this.runDocument, paused_at: null };
    return this.runDocument;
  }

  async cancel(run: string): Promise<RunDocument> {
    this.asked.push({ cancel: run });
    this.runDocument = { ...this.runDocument, status: 'cancelled' };
    return this.runDocument;
  }

  async show(run: string): Promise<RunDocument> {
    this.asked.push({ show: run });
    return this.runDocument;
  }

  async *samples(run: string, options: SamplesOptions) {
    this.asked.push({ samples: run, ...options });
    for (const sample of this.sampleDocuments) {
      if (options.sample === undefined || options.sample === sample.sample_id) yield sample;
    }
  }

  async try(source: string | RunFileInput, options: TryOptions = {}): Promise<TryDocument> {
    const { signal, ...asked } = options;
    this.asked.push({ try: source, ...asked });
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      if (!this.isEndless) resolve(this.tryDocument);
    });
  }

  async rescore(run: string, options: RescoreOptions = {}): Promise<RescoreDocument> {
    const { signal, ...asked } = options;
    signal?.throwIfAborted();
    this.asked.push({ rescore: run, ...asked });
    return this.rescoreDocument;
  }

  /** What `diff` gives; without one it fails. */
  diffDocument: DiffDocument | undefined;

  async diff(first: string, second: string | DiffByOptions, options?: DiffOptions): Promise<DiffDocument> {
    this.asked.push({ diff: first, second, options });
    if (this.diffDocument === undefined) throw new Error('nothing to give');
    return this.diffDocument;
  }

  async list(): Promise<readonly RunSummaryDocument[]> {
    return this.summaries;
  }

  readonly cache = new FakeCache(this.asked);
  readonly schedules = new FakeSchedules(this.asked);

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private makeHandle(): RunHandle {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    if (!this.isEndless) end();
    const { events, onRunning } = this;
    return {
      id: this.runDocument.run,
      attached: this.attached,
      async *events() {
        yield* events;
        onRunning();
        await ended;
      },
      result: async () => {
        await ended;
        await this.beforeEnd();
        return this.runDocument;
      },
      cancel: async () => {
        this.asked.push('handle.cancel');
        this.runDocument = { ...this.runDocument, status: 'cancelled' };
        end();
      },
      // A drained run ends nothing: its events and its result stay open.
      drain: async () => {
        this.asked.push('handle.drain');
        if (!this.endsWhileDrained) this.runDocument = { ...this.runDocument, status: 'running', ended_at: null };
      },
    };
  }
}

function rejectOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error);
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** A worker that comes up at once and works until it is stopped; tests change what befalls it. */
export class FakeWorker {
  start: (options: StartWorkerOptions) => Promise<StartedWorker> = async () => this.started;
  /** What its drain takes. */
  stop: () => Promise<void> = async () => {};
  stops = 0;
  lose: (reason: Error) => void = () => {};
  readonly started: StartedWorker = {
    storeId: 'store1',
    temporal: { address: '127.0.0.1:7233', namespace: 'default', kind: 'embedded' },
    uiAddress: undefined,
    healthAddress: undefined,
    metricsAddress: undefined,
    lost: new Promise<never>((_, reject) => {
      this.lose = reject;
    }),
    stop: async () => {
      this.stops += 1;
      await this.stop();
    },
  };
}

/** A context that collects what a command writes. */
export class FakeContext implements CommandContext {
  readonly stet = new FakeStet();
  diagnoses: readonly Diagnosis[] = [];
  openedWith: OpenOptions | undefined;
  startedWith: StartWorkerOptions | undefined;
  readonly worker = new FakeWorker();
  onOpen: () => void = () => {};
  output = '';
  errorOutput = '';
  environment: Record<string, string | undefined> = {};
  workingDirectory = '/somewhere';
  commandLine: readonly string[];
  leftWith: number | undefined;
  clockMs = now;
  private readonly listeners = new Set<(signal: StopSignal) => void>();

  ask: CommandContext['ask'] = undefined;
  readonly stdout;
  readonly stderr;

  constructor(
    commandLine: string,
    terminal: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {},
  ) {
    this.commandLine = commandLine.split(' ').filter((word) => word !== '');
    this.stdout = { ...terminal, write: (text: string) => void (this.output += text) };
    this.stderr = { ...terminal, write: (text: string) => void (this.errorOutput += text) };
  }

  rekeyedWith: RekeyOptions | undefined;

  async migrate(_options: MigrateOptions): Promise<MigratedStore> {
    return { store: '/project/.stet', from: 2, to: 3 };
  }

  async rekey(options: RekeyOptions): Promise<RekeyReport> {
    this.rekeyedWith = options;
    options.onProgress?.({ step: 'blobs', done: 3 });
    return {
      was: 'encrypted',
      key: 'k2',
      retiredKeys: ['k1'],
      texts: 12,
      blobs: { count: 3, sizeBytes: 4_096 },
      unreadable: 0,
      leftovers: 0,
    };
  }

  /** What a store has to complete, by what is asked for. */
  names: Partial<Record<NamesQuestion['of'], readonly StoredName[]>> = {};
  readonly askedNames: unknown[] = [];

  async listNames(question: NamesQuestion, options: { readonly store?: string }): Promise<readonly StoredName[]> {
    this.askedNames.push({ ...question, ...options });
    return this.names[question.of] ?? [];
  }

  async open(options: OpenOptions): Promise<Stet> {
    this.openedWith = options;
    this.onOpen();
    return this.stet;
  }

  async startWorker(options: StartWorkerOptions): Promise<StartedWorker> {
    this.startedWith = options;
    return this.worker.start(options);
  }

  async diagnose(): Promise<readonly Diagnosis[]> {
    return this.diagnoses;
  }

  now(): number {
    return this.clockMs;
  }

  onStopSignal(listener: (signal: StopSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  send(signal: StopSignal): void {
    for (const listener of this.listeners) listener(signal);
  }

  get listenerCount(): number {
    return this.listeners.size;
  }

  leave(exitCode: number): void {
    this.leftWith = exitCode;
  }
}
