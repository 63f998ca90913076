import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { openStet, type Stet } from '../../embedded/index.ts';
import { type StartedWorker, startWorker, type WorkerOptions } from '../../embedded/start-worker.ts';
import { makeGate } from '../activities/fake-models.ts';
import { answerCapital, makeCapitalRun } from './capital-run.ts';
import type { DevTemporal } from './dev-temporal.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from './openai-test-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** Workers, and the commands that leave runs to them, in one process on a Temporal that somebody else runs. */
export interface RemoteBench {
  readonly temporal: DevTemporal;
  /** Answers right nine times of ten, at once. */
  readonly models: OpenAiTestServer;
  /** Has `run.yaml`: capitals, four queries at once. */
  readonly folder: TemporaryFolder;
  /** Lines for people, of all that were opened. */
  readonly notices: readonly string[];
  /** Of `holdAnswers`, and of what a test holds itself; open at its end. */
  readonly gate: ReturnType<typeof makeGate<void>>;
  /** Options under which a store is opened. */
  readonly place: (store: string) => NonNullable<Parameters<typeof openStet>[0]> & Pick<WorkerOptions, 'environment'>;
  /** Closed at the end of the test, as workers are. */
  readonly open: (store?: string, more?: Parameters<typeof openStet>[0]) => Promise<Stet>;
  readonly work: (more?: Partial<WorkerOptions>, store?: string) => Promise<StartedWorker>;
  /** Queries have reached the model; a first one goes ahead alone, as long as nothing is known of the model. */
  readonly untilAsked: (count: number) => Promise<void>;
  /** No query is answered before the gate opens. */
  readonly holdAnswers: () => void;
}

/** Registers the hooks of a file of tests. */
export function useRemoteBench(options: {
  readonly rows: number;
  readonly startTemporal: () => Promise<DevTemporal>;
}): RemoteBench {
  let temporal: DevTemporal;
  let models: OpenAiTestServer;
  let folder: TemporaryFolder;
  let opened: { close(): Promise<unknown> }[];
  let notices: string[];
  let gate: ReturnType<typeof makeGate<void>>;

  beforeAll(async () => {
    temporal = await options.startTemporal();
  }, 300_000);
  afterAll(() => temporal[Symbol.asyncDispose]());

  beforeEach(async () => {
    models = await startOpenAiTestServer({ answer: ({ prompt }) => answerCapital(prompt) });
    folder = await makeTemporaryFolder();
    const run = makeCapitalRun({ baseUrl: models.baseUrl, rows: options.rows, maxConcurrentRequests: 4 });
    await folder.write('run.yaml', run);
    opened = [];
    notices = [];
    gate = makeGate();
  });
  afterEach(async () => {
    models.setHandler(({ prompt }) => answerCapital(prompt));
    gate.open(); // a test that failed left queries waiting
    for (const each of opened.toReversed()) await each.close();
    await models.close();
    await folder[Symbol.asyncDispose]();
  });

  const place = (store: string) => ({
    store: `${folder.path}/${store}`,
    workingDirectory: folder.path,
    environment: { PATH: process.env['PATH'] },
    temporal: { address: temporal.address },
    onNotice: (line: string) => void notices.push(line),
  });

  return {
    get temporal() {
      return temporal;
    },
    get models() {
      return models;
    },
    get folder() {
      return folder;
    },
    get notices() {
      return notices;
    },
    get gate() {
      return gate;
    },
    place,
    async open(store = 'store', more = {}) {
      const stet = await openStet({ ...place(store), ...more });
      opened.push(stet);
      return stet;
    },
    async work(more = {}, store = 'store') {
      const worker = await startWorker({ role: 'worker', ...place(store), ...more });
      opened.push({ close: () => worker.stop() });
      return worker;
    },
    async untilAsked(count) {
      await vi.waitUntil(() => models.count() >= count, { timeout: 60_000, interval: 10 });
    },
    holdAnswers() {
      models.setHandler(async ({ prompt }) => {
        await gate.promise;
        return answerCapital(prompt);
      });
    },
  };
}
