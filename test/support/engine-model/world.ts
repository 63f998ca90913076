import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStet, type Stet } from '../../../embedded/index.ts';
import { openStore, type Store } from '../../../storage/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts';
import { damageBlob, inspect, listBlobs } from './blobs.ts';
import type { Driver, DriverPool } from './driver-pool.ts';
import { type Allowance, type Gate, type QueryStage, startGate } from './gate.ts';
import {
  addTo,
  emptyModel,
  getReceived,
  isOpen,
  listRows,
  type Model,
  nameTask,
  type RunModel,
  type TaskModel,
} from './model.ts';
import { compareQueries, compareResults, isTooMuchSent, type Observation, observe } from './observe.ts';
import { firstSettings, makeRunFile, type Settings, type Shape, segmentSize } from './settings.ts';
import { explore, Simulation, Unclear } from './simulation.ts';
import type { Step } from './steps.ts';
import { areAnswersRecorded, findConditions } from './stored-facts.ts';

const mostOpenRuns = 3;
/** Longer than the heartbeat after which Temporal finds out by itself that a worker is dead. */
const deadlineMs = 45_000;
/** Each look reads every run: more often, and looking is most of the work. */
const pollMs = 20;
const unlimited: Allowance = { solve: Number.POSITIVE_INFINITY, judge: Number.POSITIVE_INFINITY };

export interface WorldOptions {
  readonly pool: DriverPool;
  /** The rules; the test of the test puts wrong ones in their place. */
  readonly rules?: typeof Simulation;
}

/** A fresh store with its processes, and beside it the model. After each step the two agree, or `apply` throws. */
export class World implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #gate: Gate;
  readonly #reader: Stet;
  readonly #pool: DriverPool;
  readonly #rules: typeof Simulation;
  readonly #drivers: (Driver | undefined)[] = [];
  /** Ids of the runs, in the order of the model's. */
  readonly #runIds: string[] = [];
  readonly #digests = new Map<string, string>();
  #store: Store | undefined;
  #model: Model = structuredClone(emptyModel);
  #settings: Settings = firstSettings;
  #marks = 0;
  #isDamaged = false;

  private constructor(folder: TemporaryFolder, gate: Gate, reader: Stet, options: WorldOptions) {
    this.#folder = folder;
    this.#gate = gate;
    this.#reader = reader;
    this.#pool = options.pool;
    this.#rules = options.rules ?? Simulation;
  }

  static async open(options: WorldOptions): Promise<World> {
    const folder = await makeTemporaryFolder();
    const gate = await startGate();
    const reader = await openStet({ store: `${folder.path}/.stet`, workingDirectory: folder.path });
    return new World(folder, gate, reader, options);
  }

  /** False where the step cannot be about anything, or would lead where the model claims nothing. */
  async apply(step: Step): Promise<boolean> {
    switch (step.do) {
      case 'run':
        return this.#run(step);
      case 'edit':
        return this.#edit(step);
      case 'release':
        return this.#release(pick(this.#listHeld(), step.which));
      case 'cancel':
        return this.#cancel(pick(this.#model.runs.filter(isOpen), step.which), step.process);
      case 'kill':
        return this.#kill(pick(this.#listHeld(), step.which), step.server);
      case 'crash':
        return this.#crash(pick(this.#listHeld(), step.which), step.process);
      case 'resume':
        return this.#resume(pick(this.#listResumable(), step.which), step.process, step.hold);
      case 'fail':
        this.#model.failingRow = step.row;
        this.#gate.failingRow = step.row;
        return true;
      case 'damage':
        return this.#damage(step);
      case 'gc':
        return this.#collectGarbage();
    }
  }

  /** Everything that is open goes on to its end. */
  async finish(): Promise<void> {
    for (let run = this.#findUnfinished(); run !== undefined; run = this.#findUnfinished()) {
      const isDone = run.process === null ? await this.#resume(run, 0, null) : await this.#release(run);
      if (!isDone) throw new Error(`Run ${run.index} cannot be finished.`);
    }
    for (const driver of this.#drivers) await driver?.close();
    this.#drivers.length = 0;
    const { sound } = await this.#reader.cache.verify();
    if (!sound && !this.#isDamaged) throw new Error('A store that nobody damaged does not verify.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const driver of this.#drivers) await driver?.kill();
    await this.#killServer();
    await this.#gate[Symbol.asyncDispose]();
    await this.#reader.close();
    await this.#store?.close();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #run({ policy, shape, process, hold }: Extract<Step, { do: 'run' }>): Promise<boolean> {
    if (this.#model.runs.filter(isOpen).length >= mostOpenRuns) return false;
    const mark = `mark-${this.#marks++}`;
    const settings = this.#settings;
    const allowance = makeAllowance({ policy, shape, settings }, hold);
    const predictions = this.#predict((simulation) =>
      simulation.run({ settings, shape, policy, process, mark, allowance }),
    );
    if (predictions === undefined) return false;
    await this.#writeEnvironment(mark);
    this.#gate.allow(mark, allowance);
    const driver = await this.#getDriver(process);
    const { run } = await driver.run(this.#makeRunFile(shape, policy), this.#environmentFile(mark));
    const known = this.#runIds.indexOf(run);
    const index = known === -1 ? this.#runIds.push(run) - 1 : known;
    await this.#settle(predictions.filter((model) => model.runs[index]?.mark === mark));
    return true;
  }

  #edit({ field, value }: Extract<Step, { do: 'edit' }>): boolean {
    const scorers = ['exact', 'loose', 'judge'] as const;
    const before = this.#settings;
    this.#settings =
      field === 'scorer'
        ? { ...before, scorer: scorers.filter((scorer) => scorer !== before.scorer)[value % 2] ?? 'exact' }
        : { ...before, [field]: 1 - before[field] };
    return true;
  }

  async #release(run: RunModel | undefined): Promise<boolean> {
    if (run === undefined) return false;
    const predictions = this.#predict((simulation) => simulation.release(run.index));
    if (predictions === undefined) return false;
    this.#gate.allow(run.mark, unlimited);
    this.#gate.answerHeld(run.mark);
    await this.#settle(predictions);
    return true;
  }

  async #cancel(run: RunModel | undefined, process: number): Promise<boolean> {
    if (run === undefined) return false;
    const predictions = this.#predict((simulation) => simulation.cancel(run.index));
    if (predictions === undefined) return false;
    const driver = await this.#getDriver(run.process ?? process);
    const cancelled = driver.cancel(this.#getId(run));
    this.#gate.answerHeld(run.mark);
    await cancelled;
    await this.#settle(predictions);
    return true;
  }

  /** `kill -9` of the process that works on a run, and perhaps of the Temporal server, while queries are in flight. */
  async #kill(run: RunModel | undefined, server: boolean): Promise<boolean> {
    const process = run?.process ?? null;
    if (process === null || this.#isAnyWaitingIn(process)) return false;
    const predictions = this.#predict((simulation) => simulation.kill(process));
    if (predictions === undefined) return false;
    await this.#killDriver(process);
    if (server) await this.#killServer();
    await this.#settle(predictions);
    return true;
  }

  /** `kill -9` while answers are on their way and work goes on, then `resume`: what was in flight may be sent twice. */
  async #crash(run: RunModel | undefined, process: number): Promise<boolean> {
    const working = run?.process ?? null;
    if (run === undefined || working === null || this.#model.runs.filter(isOpen).length > 1) return false;
    const predictions = this.#predict((simulation) => simulation.release(run.index));
    if (predictions === undefined) return false;
    const inFlight = this.#countHeld(run.mark);
    this.#gate.allow(run.mark, unlimited);
    this.#gate.answerHeld(run.mark);
    await this.#drivers[working]?.kill();
    this.#drivers[working] = undefined;
    await this.#writeEnvironment(run.ownMark);
    this.#gate.allow(run.ownMark, unlimited);
    const before = this.#gate.queries.length;
    const driver = await this.#getDriver(process);
    await driver.resume(this.#getId(run)).catch(async (error: unknown) => {
      // It had come to its end before it was killed.
      const { status } = await this.#reader.show(this.#getId(run));
      if (status === 'running' || status === 'pending') throw error;
    });
    await this.#settle(predictions, { crashed: run.index, before, inFlight });
    return true;
  }

  async #resume(run: RunModel | undefined, process: number, hold: number | null): Promise<boolean> {
    if (run === undefined || (this.#isDamaged && !(await this.#isOwnWorkIntact(run)))) return false;
    const allowance = makeAllowance({ ...run, settings: run.tasks[0]?.settings ?? firstSettings }, hold);
    const predictions = this.#predict((simulation) => simulation.resume(run.index, process, allowance));
    if (predictions === undefined) return false;
    this.#gate.allow(run.ownMark, allowance);
    const driver = await this.#getDriver(process);
    await driver.resume(this.#getId(run));
    await this.#settle(predictions);
    return true;
  }

  async #damage({ which, piece, how }: Extract<Step, { do: 'damage' }>): Promise<boolean> {
    // What is at work has read what it needs, or not: nothing is claimed of that.
    if (this.#model.runs.some(isOpen)) return false;
    const stored = this.#listTasks().filter(({ status, reuse }) => status === 'completed' && reuse !== 'full');
    const task = pick(stored, which);
    if (task === undefined) return false;
    const store = await this.#getStore();
    const blobs = await listBlobs(store, this.#storeDirectory, await this.#getTaskId(task), piece);
    for (const blob of blobs) await damageBlob(this.#storeDirectory, blob, how);
    this.#isDamaged = true;
    await this.#findDamage(this.#model);
    return true;
  }

  /** Nothing of it is visible, whatever is open. */
  async #collectGarbage(): Promise<boolean> {
    if (this.#runIds.length === 0) return false;
    await this.#reader.cache.gc({ graceMs: 0 });
    await this.#settle([this.#model]);
    return true;
  }

  #predict(step: (simulation: Simulation) => void): readonly Model[] | undefined {
    try {
      return explore(this.#model, step, this.#rules);
    } catch (error) {
      if (error instanceof Unclear) return undefined;
      throw error;
    }
  }

  /** Waits until what is seen is what one of the predictions says; that is the model from now on. */
  async #settle(
    predictions: readonly Model[],
    crash?: { readonly crashed: number; readonly before: number; readonly inFlight: number },
  ): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      if (crash === undefined && predictions.every((model) => isTooMuchSent(model, this.#gate))) {
        throw new Error(
          `More was sent than the model says:\n  ${compareQueries(predictions[0] ?? this.#model, this.#gate).join('\n  ')}`,
        );
      }
      const differences: (readonly string[])[] = [];
      let observation: Observation | undefined;
      for (const model of predictions) {
        const ofQueries = crash === undefined ? compareQueries(model, this.#gate) : [];
        if (ofQueries.length === 0) observation ??= await observe(this.#reader, await this.#getStore(), this.#runIds);
        const found =
          observation === undefined || ofQueries.length > 0 ? ofQueries : compareResults(model, observation);
        if (found.length === 0 && observation !== undefined) return this.#adopt(model, observation, crash);
        differences.push(found);
      }
      if (Date.now() > deadline) {
        const nearest = [...differences].sort((one, other) => one.length - other.length)[0] ?? ['No state may follow.'];
        throw new Error(`The store is not as the model says:\n  ${nearest.join('\n  ')}`);
      }
      await sleep(pollMs);
    }
  }

  /** Takes over what no model can know: ids, times, and which of several queries were answered first. */
  async #adopt(
    model: Model,
    { shown }: Observation,
    crash?: { readonly crashed: number; readonly before: number; readonly inFlight: number },
  ): Promise<void> {
    for (const run of model.runs.filter((each) => isOpen(each) && each.process === null)) {
      if (this.#model.runs[run.index]?.process !== null) this.#gate.allow(run.ownMark, run.allowance);
    }
    this.#model = model;
    if (crash !== undefined) this.#adoptCrash(model, crash);
    else this.#attributeAnswers(model);
    for (const [index, run] of model.runs.entries()) {
      for (const [position, task] of run.tasks.entries()) {
        const seen = shown[index]?.tasks[position];
        if (seen === undefined || task.status !== 'completed') continue;
        if (task.reuse === 'none') task.solved = `${seen.ended_at} ${seen.task_result}`;
        this.#checkDigest(task, seen.result_digest);
      }
    }
    const all = model.runs.flatMap(({ tasks }) => tasks);
    for (const task of all.filter(({ reuse }) => reuse === 'partial')) {
      task.solved = all.find((origin) => nameTask(origin) === task.source)?.solved ?? task.solved;
    }
    await this.#waitUntilRecorded(model);
    if (this.#isDamaged) await this.#findDamage(model);
  }

  #adoptCrash(
    model: Model,
    { crashed, before, inFlight }: { crashed: number; before: number; inFlight: number },
  ): void {
    const { mark, ownMark } = model.runs[crashed] ?? { mark: '', ownMark: '' };
    const again = this.#gate.queries.slice(before);
    // Each query that had no answer yet, and those that were in flight once more at most.
    const expected =
      this.#countSent(model, mark) - this.#gate.queries.slice(0, before).filter((query) => query.mark === mark).length;
    if (
      again.length < expected ||
      again.length > expected + inFlight ||
      again.some((query) => query.mark !== ownMark)
    ) {
      throw new Error(`${again.length} queries after the crash, expected ${expected} to ${expected + inFlight}.`);
    }
    for (const name of new Set([mark, ownMark])) {
      const seen = this.#gate.queries.filter((query) => query.mark === name);
      const count = (stage: QueryStage) => seen.filter((query) => query.stage === stage).length;
      model.sent[name] = { solve: count('solve'), judge: count('judge') };
    }
  }

  /** Same content, same digest, whichever way a result came about. */
  #checkDigest(task: TaskModel, digest: string | null): void {
    const content = JSON.stringify([task.resultIdentity, task.failedRows]);
    const known = this.#digests.get(content);
    if (digest === null || (known !== undefined && known !== digest)) {
      throw new Error(`${nameTask(task)} has the digest ${digest}, an equal result had ${known}.`);
    }
    this.#digests.set(content, digest);
  }

  /** Which rows the answers of this step are about, for what is not over yet. */
  #attributeAnswers(model: Model): void {
    for (const run of model.runs.filter(isOpen)) {
      for (const task of run.tasks) {
        if (task.phase !== 'solve' && task.phase !== 'judge') continue;
        const { phase } = task;
        const received = getReceived(model, run.mark)[phase];
        for (const row of listRows()) {
          const answered = this.#gate.queries.filter(
            (query) =>
              query.mark === run.mark && query.stage === phase && query.row === row && query.state === 'answered',
          );
          for (const query of answered.slice(received[row] ?? 0)) {
            addTo(query.isRefused ? task.refused : phase === 'solve' ? task.answered : task.judged, row, 1);
            addTo(received, row, 1);
          }
        }
      }
    }
  }

  /** What was answered is on disk within milliseconds; a kill after that loses only what is in flight. */
  async #waitUntilRecorded(model: Model): Promise<void> {
    const store = await this.#getStore();
    for (const task of model.runs.flatMap(({ tasks }) => tasks)) {
      if (task.phase !== 'solve' && task.phase !== 'judge') continue;
      const deadline = Date.now() + deadlineMs;
      while (!(await areAnswersRecorded(store, await this.#getTaskId(task), task, task.phase))) {
        if (Date.now() > deadline) throw new Error(`Answers of ${nameTask(task)} are not recorded.`);
        await sleep(5);
      }
    }
  }

  async #findDamage(model: Model): Promise<void> {
    const store = await this.#getStore();
    for (const task of model.runs.flatMap(({ tasks }) => tasks)) {
      if (task.status !== 'completed' || task.reuse === 'full') continue;
      Object.assign(task, await findConditions(store, this.#storeDirectory, await this.#getTaskId(task)));
    }
  }

  async #isOwnWorkIntact(run: RunModel): Promise<boolean> {
    const store = await this.#getStore();
    for (const task of run.tasks) {
      const id = await this.#getTaskId(task);
      for (const piece of ['rows', 'outputs', 'scores'] as const) {
        const blobs = await listBlobs(store, this.#storeDirectory, id, piece);
        if ((await inspect(this.#storeDirectory, blobs)) !== 'intact') return false;
      }
    }
    return true;
  }

  async #killDriver(process: number): Promise<void> {
    const left = this.#model.runs.filter((run) => isOpen(run) && run.process === process);
    // Whoever takes one of them up gets one answer.
    for (const run of left) this.#gate.allow(run.ownMark, { solve: 1, judge: 1 });
    const marks = new Set(left.map(({ mark }) => mark));
    const lost = this.#gate.queries.filter(({ mark, state }) => state === 'held' && marks.has(mark));
    await this.#drivers[process]?.kill();
    this.#drivers[process] = undefined;
    this.#gate.drop(lost);
  }

  async #killServer(): Promise<void> {
    const text = await readFile(`${this.#storeDirectory}/temporal/server.json`, 'utf8').catch(() => undefined);
    if (text === undefined) return;
    try {
      process.kill((JSON.parse(text) as { readonly pid: number }).pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }

  #isAnyWaitingIn(process: number): boolean {
    return this.#listTasks().some(
      ({ waitsFor, runIndex }) => waitsFor !== null && this.#model.runs[runIndex]?.process === process,
    );
  }

  /** Runs with queries that are held. */
  #listHeld(): readonly RunModel[] {
    return this.#model.runs.filter((run) => run.tasks.some(({ inFlight }) => inFlight > 0));
  }

  #listResumable(): readonly RunModel[] {
    return this.#model.runs.filter((run) => run.status !== 'completed' && run.process === null);
  }

  #findUnfinished(): RunModel | undefined {
    const open = this.#model.runs.filter(isOpen);
    return this.#listHeld()[0] ?? open.find((run) => run.process === null) ?? open[0];
  }

  #listTasks(): readonly TaskModel[] {
    return this.#model.runs.flatMap(({ tasks }) => tasks);
  }

  #countHeld(mark: string): number {
    return this.#gate.queries.filter((query) => query.mark === mark && query.state === 'held').length;
  }

  #countSent(model: Model, mark: string): number {
    const sent = model.sent[mark];
    return sent === undefined ? 0 : sent.solve + sent.judge;
  }

  #getId({ index }: Pick<RunModel, 'index'>): string {
    const id = this.#runIds[index];
    if (id === undefined) throw new Error(`Run ${index} has no id.`);
    return id;
  }

  async #getTaskId(task: TaskModel): Promise<string> {
    const store = await this.#getStore();
    const records = await store.results.listTaskResults(this.#getId({ index: task.runIndex }));
    const record = records.find(({ key }) => key === task.key);
    if (record === undefined) throw new Error(`No task result ${nameTask(task)}.`);
    return record.taskResultId;
  }

  #makeRunFile(shape: Shape, policy: RunModel['policy']) {
    return makeRunFile(this.#settings, shape, { baseUrl: this.#gate.baseUrl, policy });
  }

  #environmentFile(mark: string): string {
    return `${this.#folder.path}/${mark}.env`;
  }

  async #writeEnvironment(mark: string): Promise<void> {
    await this.#folder.write(`${mark}.env`, `RUN_MARK=${mark}\n`);
  }

  get #storeDirectory(): string {
    return `${this.#folder.path}/.stet`;
  }

  async #getStore(): Promise<Store> {
    this.#store ??= await openStore(this.#storeDirectory);
    return this.#store;
  }

  async #getDriver(process: number): Promise<Driver> {
    const driver =
      this.#drivers[process] ??
      (await this.#pool.open({ store: this.#storeDirectory, workingDirectory: this.#folder.path, segmentSize }));
    this.#drivers[process] = driver;
    return driver;
  }
}

/** Specifications that work side by side cannot be told apart by their queries, so that nothing of them is held. */
function makeAllowance(
  run: { readonly policy: RunModel['policy']; readonly shape: Shape; readonly settings: Settings },
  hold: number | null,
): Allowance {
  const areSideBySide = run.policy !== 'reuse' || (run.shape === 'siblings' && run.settings.scorer === 'judge');
  if (hold === null || (run.shape !== 'alone' && areSideBySide)) return unlimited;
  return { solve: hold, judge: hold };
}

function pick<Item>(items: readonly Item[], which: number): Item | undefined {
  return items.length === 0 ? undefined : items[which % items.length];
}
