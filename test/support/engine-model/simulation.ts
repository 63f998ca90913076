import type { CachePolicy, Verdict } from '../../../contracts/cache-policy.ts';
import { combineStatuses, type FinalStatus, isFinal } from '../../../contracts/status.ts';
import { type Allowance, type QueryStage, stages } from './gate.ts';
import {
  addTo,
  getReceived,
  isOpen,
  listRows,
  type Model,
  makeTask,
  nameTask,
  type RunModel,
  type TaskModel,
} from './model.ts';
import { countTrials, listWanted, maxSampleErrors, type Settings, type Shape } from './settings.ts';

// The reference model: design 3.1 and 3.2 over plain data, one run at a time. Where the real thing may go one way or another
// (two runs that waited for the same key), the model goes every way, and what is observed must be one of them.

/** A path on which answers of an earlier attempt stand or not, depending on what had been sealed: nothing is claimed of it. */
export class Unclear extends Error {}

type Choose = (count: number) => number;

/** Every state that may follow, each named by the choices that lead there. */
export function explore(
  model: Model,
  step: (simulation: Simulation) => void,
  Simulated: typeof Simulation = Simulation,
): readonly Model[] {
  const outcomes: Model[] = [];
  const open: number[][] = [[]];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const taken: number[] = [];
    const simulation = new Simulated(structuredClone(model), (count) => {
      const choice = path[taken.length] ?? 0;
      if (taken.length >= path.length) {
        for (let other = count - 1; other > 0; other--) open.push([...taken, other]);
      }
      taken.push(choice);
      return choice;
    });
    step(simulation);
    outcomes.push(simulation.model);
  }
  return outcomes;
}

export class Simulation {
  readonly model: Model;
  readonly #choose: Choose;

  constructor(model: Model, choose: Choose) {
    this.model = model;
    this.#choose = choose;
  }

  /** A command `run`: attaches to an open run of the same plan that nobody works on, else starts one. Returns its index. */
  run(command: {
    readonly settings: Settings;
    readonly shape: Shape;
    readonly policy: CachePolicy;
    readonly process: number;
    readonly mark: string;
    readonly allowance: Allowance;
  }): number {
    const { settings, shape, policy, process, mark, allowance } = command;
    const wanted = listWanted(settings, shape);
    const planIdentity = JSON.stringify([policy, wanted.map(({ key, resultIdentity }) => [key, resultIdentity])]);
    const ownerless = this.model.runs.filter(
      (run) => isOpen(run) && run.process === null && run.planIdentity === planIdentity,
    );
    const attachable = ownerless[ownerless.length === 0 ? 0 : this.#choose(ownerless.length)];
    if (attachable !== undefined) {
      this.#takeUp(attachable, process, mark, allowance);
      return attachable.index;
    }
    const index = this.model.runs.length;
    const run: RunModel = {
      index,
      policy,
      shape,
      planIdentity,
      ownMark: mark,
      mark,
      process,
      rescuer: null,
      status: 'running',
      attempt: 1,
      allowance: { ...allowance },
      isCancelling: false,
      tasks: wanted.map((task) => makeTask(index, task)),
    };
    this.model.runs.push(run);
    this.#begin(run, run.tasks);
    return index;
  }

  /** A command `resume`: of an open run nobody works on, or of one that failed or was cancelled. */
  resume(index: number, process: number, allowance: Allowance): void {
    const run = this.getRun(index);
    if (isOpen(run)) return this.#takeUp(run, process, run.ownMark, allowance);
    const again = run.tasks.filter(({ status }) => status !== 'completed');
    Object.assign(run, {
      status: 'running',
      attempt: run.attempt + 1,
      process,
      mark: run.ownMark,
      isCancelling: false,
    });
    run.allowance = { ...allowance };
    for (const task of again) {
      Object.assign(task, { status: 'pending', attempt: task.attempt + 1, phase: 'none' });
      task.refused = task.refused.map(() => 0);
      task.failedRows = [];
    }
    this.#begin(run, again);
  }

  /** Everything that is held for the run is answered, and whatever it still sends. */
  release(index: number): void {
    const run = this.getRun(index);
    run.allowance = { solve: Number.POSITIVE_INFINITY, judge: Number.POSITIVE_INFINITY };
    for (const task of run.tasks) this.#work(task);
  }

  /** Nothing new is sent, what is in flight is answered. A cancel that comes too late changes nothing. */
  cancel(index: number): void {
    const run = this.getRun(index);
    run.isCancelling = true;
    if (run.process !== null)
      for (const task of run.tasks) {
        if (task.inFlight > 0) this.#receive(task, task.phase === 'judge' ? 'judge' : 'solve');
      }

    for (const task of run.tasks) {
      if (isFinal(task.status)) continue;
      if (task.inFlight === 0 && this.#needsNothing(task) && run.process !== null && this.#choose(2) === 1)
        this.#finish(task);
      else this.#end(task, 'cancelled');
    }
  }

  /** `kill -9`: nobody works any more on what this process worked on, and what was in flight is lost. */
  kill(process: number): void {
    for (const run of this.model.runs.filter((each) => isOpen(each) && each.process === process)) {
      run.process = null;
      run.allowance = { solve: 1, judge: 1 };
      for (const task of run.tasks) {
        task.inFlight = 0;
        // A refusal is recorded with its sample, once all trials of it are over.
        task.refused = task.refused.map((refused, row) => (this.#isRowOver(task, row) ? refused : 0));
      }
    }
    this.#rescue();
  }

  /** Whether its solver outputs may stand in others: never those of a result that failed or was cancelled. */
  protected isSource({ status, reuse, runIndex }: TaskModel): boolean {
    return status === 'completed' && reuse !== 'full' && this.getRun(runIndex).policy !== 'no-cache';
  }

  getRun(index: number): RunModel {
    const run = this.model.runs[index];
    if (run === undefined) throw new Error(`No run ${index}.`);
    return run;
  }

  /** A run that must wait for a key held by a run that nobody works on takes that one up. */
  #rescue(): void {
    const findHolder = (waiter: TaskModel): RunModel | undefined => {
      const holder = this.#listTasks().find(({ lock }) => lock !== null && lock === waiter.waitsFor);
      const run = holder === undefined ? undefined : this.getRun(holder.runIndex);
      return run?.process === null ? run : undefined;
    };
    const rescuers = this.#listTasks().filter(
      (task) => this.getRun(task.runIndex).process !== null && findHolder(task) !== undefined,
    );
    for (const rescuer of this.#inAnyOrder(rescuers)) {
      const { process, index } = this.getRun(rescuer.runIndex);
      const holding = findHolder(rescuer);
      if (holding === undefined || process === null) continue;
      this.#takeUp(holding, process, holding.ownMark, holding.allowance, index);
    }
  }

  #takeUp(run: RunModel, process: number, mark: string, allowance: Allowance, rescuer: number | null = null): void {
    Object.assign(run, { process, mark, rescuer });
    run.allowance = { ...allowance };
    for (const task of run.tasks) this.#work(task);
  }

  /** The cache check of all specifications, then those that have work: what shares a key goes one after the other. */
  #begin(run: RunModel, tasks: readonly TaskModel[]): void {
    const verdicts = new Map(tasks.map((task) => [task, this.#decide(task)]));
    const leaders = new Map<string, TaskModel>();
    const begun: TaskModel[] = [];
    for (const task of tasks) {
      const found = verdicts.get(task);
      if (found === undefined || found.verdict === 'full') {
        if (found?.source !== undefined) this.#alias(task, found.source);
        continue;
      }
      const group =
        run.policy !== 'reuse' ? nameTask(task) : found.verdict === 'none' ? task.solverIdentity : task.resultIdentity;
      if (leaders.has(group)) task.phase = 'queued';
      else {
        leaders.set(group, task);
        begun.push(task);
      }
    }
    this.#closeIfOver(run);
    for (const task of this.#inAnyOrder(begun)) this.#attempt(task);
  }

  #attempt(task: TaskModel): void {
    const run = this.getRun(task.runIndex);
    const { verdict, source } = this.#decide(task);
    if (verdict === 'full' && source !== undefined) return this.#alias(task, source);
    if (run.policy === 'reuse') {
      const lock = verdict === 'none' ? `solve ${task.solverIdentity}` : `score ${task.resultIdentity}`;
      const holder = this.#listTasks().find((other) => other.lock === lock && other !== task);
      if (holder !== undefined) {
        Object.assign(task, { phase: 'waiting', waitsFor: lock });
        this.#rescue();
        return;
      }
      task.lock = lock;
    }
    const standing = verdict === 'partial' && source !== undefined ? originOf(source, this.#listTasks()) : null;
    if (verdict === 'partial' && source?.outputs === 'spoilt') {
      // Scoring reads them first: they are lost from now on, to all who share them.
      for (const other of this.#listTasks())
        if (originOf(other, this.#listTasks()) === standing) other.outputs = 'lost';
      task.lock = null;
      return this.#attempt(task);
    }
    if (task.reuse !== null && (task.reuse !== verdict || task.source !== standing)) {
      if ([...task.answered, ...task.judged].some((count) => count > 0)) throw new Unclear();
    }
    Object.assign(task, {
      status: 'running',
      reuse: verdict,
      source: standing,
      phase: verdict === 'none' ? 'solve' : 'judge',
    });
    if (verdict === 'partial' && source !== undefined) {
      task.solved = source.solved;
      task.failedRows = [...source.failedRows];
    }
    this.#work(task);
  }

  /** Goes on with what a task has to send, as far as it is answered. */
  #work(task: TaskModel): void {
    const run = this.getRun(task.runIndex);
    if (run.process === null || isFinal(task.status)) return;
    if (task.phase === 'solve') {
      if (!this.#send(task, 'solve')) return;
      this.#receive(task, 'solve');
      task.phase = 'judge';
    }
    if (task.phase === 'judge') {
      if (!this.#send(task, 'judge')) return;
      this.#receive(task, 'judge');
      this.#finish(task);
    }
  }

  /** Sends what is missing in a stage; false when some of it is held. */
  #send(task: TaskModel, stage: QueryStage): boolean {
    const run = this.getRun(task.runIndex);
    const missing = listRows().reduce((sum, row) => sum + this.#countMissing(task, stage, row), 0);
    const sent = (this.model.sent[run.mark] ??= { solve: 0, judge: 0 });
    sent[stage] += missing - task.inFlight;
    const answered = Math.min(missing, run.allowance[stage]);
    run.allowance[stage] -= answered;
    task.inFlight = missing - answered;
    return task.inFlight === 0;
  }

  #countMissing(task: TaskModel, stage: QueryStage, row: number): number {
    if (stage === 'judge') return this.#isJudged(task, row) ? this.#trials(task) - (task.judged[row] ?? 0) : 0;
    return this.#trials(task) - (task.answered[row] ?? 0) - (task.refused[row] ?? 0);
  }

  /** All that is missing in a stage arrives. */
  #receive(task: TaskModel, stage: QueryStage): void {
    const received = getReceived(this.model, this.getRun(task.runIndex).mark)[stage];
    for (const row of listRows()) {
      const missing = this.#countMissing(task, stage, row);
      const isRefused = stage === 'solve' && row === this.model.failingRow;
      addTo(isRefused ? task.refused : stage === 'solve' ? task.answered : task.judged, row, missing);
      addTo(received, row, missing);
    }
    task.inFlight = 0;
    if (stage === 'solve') task.failedRows = listRows().filter((row) => (task.refused[row] ?? 0) > 0);
  }

  #needsNothing(task: TaskModel): boolean {
    if (task.phase !== 'solve' && task.phase !== 'judge') return false;
    return stages.every((stage) =>
      listRows().every(
        (row) => (stage === 'solve' && task.reuse === 'partial') || this.#countMissing(task, stage, row) === 0,
      ),
    );
  }

  #isRowOver(task: TaskModel, row: number): boolean {
    return (task.answered[row] ?? 0) + (task.refused[row] ?? 0) === this.#trials(task);
  }

  #isJudged(task: TaskModel, row: number): boolean {
    return task.settings.scorer === 'judge' && !task.failedRows.includes(row);
  }

  #trials(task: TaskModel): number {
    return countTrials(task.settings);
  }

  #finish(task: TaskModel): void {
    if (task.failedRows.length > maxSampleErrors(task.settings)) return this.#end(task, 'failed');
    const { policy } = this.getRun(task.runIndex);
    if (policy !== 'no-cache') {
      const current = this.#findCurrent(task.resultIdentity);
      // Equal bytes that were lost are written again, which mends the other result, too.
      if (current !== undefined && current.scores !== 'intact' && this.#choose(2) === 1) current.scores = 'intact';
      task.isCurrent = policy === 'update' || current === undefined || !this.#isUsable(current, task);
      if (task.isCurrent && current !== undefined) current.isCurrent = false;
    }
    task.solved ??= `~${String(this.model.clock++).padStart(6, '0')}`;
    this.#conclude(task, 'completed');
  }

  #end(task: TaskModel, status: FinalStatus): void {
    this.#conclude(task, status);
  }

  #conclude(task: TaskModel, status: FinalStatus): void {
    const run = this.getRun(task.runIndex);
    const wasRunning = task.status === 'running';
    const { lock } = task;
    Object.assign(task, { status, phase: 'none', lock: null, waitsFor: null, inFlight: 0 });
    const twins = run.tasks.filter(
      (twin) => run.policy === 'reuse' && !isFinal(twin.status) && twin.resultIdentity === task.resultIdentity,
    );
    for (const twin of twins) {
      if (status === 'completed') this.#alias(twin, task);
      else if (wasRunning) Object.assign(twin, { status, phase: 'none' });
    }
    const rest = run.tasks.filter(({ phase }) => phase === 'queued');
    for (const queued of rest) queued.phase = 'none';
    if (run.isCancelling) for (const queued of rest) queued.status = 'cancelled';
    this.#closeIfOver(run);
    // A sibling that was next and those who waited for the key go for it at the same time.
    const next = [
      ...(rest.length > 0 && !run.isCancelling ? [() => this.#begin(run, rest)] : []),
      ...(lock === null ? [] : this.#listWaiters(lock)),
    ];
    for (const begin of this.#inAnyOrder(next)) begin();
  }

  /** Whoever waited for the key looks again. */
  #listWaiters(lock: string): readonly (() => void)[] {
    const waiters = this.#listTasks().filter(({ waitsFor }) => waitsFor === lock);
    for (const waiter of waiters) Object.assign(waiter, { phase: 'none', waitsFor: null });
    return waiters.map((waiter) => () => this.#attempt(waiter));
  }

  #alias(task: TaskModel, source: TaskModel): void {
    Object.assign(task, {
      status: 'completed',
      reuse: 'full',
      source: nameTask(source),
      phase: 'none',
      waitsFor: null,
    });
    task.failedRows = [...source.failedRows];
    const run = this.getRun(task.runIndex);
    const rest = run.tasks.filter(({ phase }) => phase === 'queued');
    for (const queued of rest) queued.phase = 'none';
    if (rest.length > 0) this.#begin(run, rest);
    this.#closeIfOver(run);
  }

  #closeIfOver(run: RunModel): void {
    const ends = run.tasks.map(({ status }) => status).filter(isFinal);
    if (ends.length < run.tasks.length) return;
    Object.assign(run, { status: combineStatuses(ends), process: null });
    for (const left of this.model.runs.filter((other) => isOpen(other) && other.rescuer === run.index)) {
      Object.assign(left, { process: null, rescuer: null, allowance: { solve: 1, judge: 1 } });
    }
    this.#rescue();
  }

  /** Policy and what is stored → full, partial or none (design 3.1). */
  #decide(task: TaskModel): { readonly verdict: Verdict; readonly source?: TaskModel } {
    if (this.getRun(task.runIndex).policy !== 'reuse') return { verdict: 'none' };
    const current = this.#findCurrent(task.resultIdentity);
    if (current !== undefined && this.#isUsable(current, task)) return { verdict: 'full', source: current };
    const [latest] = this.#listTasks()
      .filter((other) => this.isSource(other))
      .filter((other) => other.solverIdentity === task.solverIdentity && other.outputs !== 'lost')
      .filter((other) => other.failedRows.length <= maxSampleErrors(task.settings))
      .sort((one, other) => ((one.solved ?? '') < (other.solved ?? '') ? 1 : -1));
    return latest === undefined ? { verdict: 'none' } : { verdict: 'partial', source: latest };
  }

  #findCurrent(resultIdentity: string): TaskModel | undefined {
    return this.#listTasks().find((task) => task.isCurrent && task.resultIdentity === resultIdentity);
  }

  #isUsable(stored: TaskModel, wanting: TaskModel): boolean {
    return (
      stored.outputs !== 'lost' &&
      stored.scores !== 'lost' &&
      stored.failedRows.length <= maxSampleErrors(wanting.settings)
    );
  }

  #listTasks(): readonly TaskModel[] {
    return this.model.runs.flatMap(({ tasks }) => tasks);
  }

  #inAnyOrder<Item>(items: readonly Item[]): readonly Item[] {
    const left = [...items];
    const ordered: Item[] = [];
    while (left.length > 0) ordered.push(...left.splice(left.length === 1 ? 0 : this.#choose(left.length), 1));
    return ordered;
  }
}

/** Of what was itself taken over, the result that computed it. */
function originOf(source: TaskModel, all: readonly TaskModel[]): string {
  const origin = source.reuse === 'partial' ? all.find((task) => nameTask(task) === source.source) : source;
  return nameTask(origin ?? source);
}
