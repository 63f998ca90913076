import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

/** Runs a command's work and keeps its exit code. */
export type Perform = (work: (context: CommandContext) => Promise<number>) => Promise<void>;

/** What the file of a command gives: its arguments, options, examples and action. */
export type DefineCommand = (command: Command, perform: Perform) => void;

export interface CommandEntry {
  readonly name: string;
  /** One line of `stet --help`. */
  readonly summary: string;
  /** What it prints is for programs, and has no form for people. */
  readonly isForPrograms?: true;
  /** Left out of the help. */
  readonly isHidden?: true;
  /** Loaded only when the command is called, so that `stet --help` is quick. */
  load(): Promise<DefineCommand>;
}

/** Every command of `stet`. A new one is its file and one entry here. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a run file to begin with, which runs at once',
    load: async () => (await import('./init.ts')).defineInitCommand,
  },
  {
    name: 'run',
    summary: 'run an evaluation; take from the store what may stand',
    load: async () => (await import('./run.ts')).defineRunCommand,
  },
  {
    name: 'plan',
    summary: 'show what a run would reuse, compute and send; change nothing',
    load: async () => (await import('./plan.ts')).definePlanCommand,
  },
  {
    name: 'validate',
    summary: 'check a run file and everything it refers to',
    load: async () => (await import('./validate.ts')).defineValidateCommand,
  },
  {
    name: 'try',
    summary: 'run one sample with everything shown; store nothing',
    load: async () => (await import('./try.ts')).defineTryCommand,
  },
  {
    name: 'list',
    summary: 'list the runs of the store, newest first',
    load: async () => (await import('./list.ts')).defineListCommand,
  },
  {
    name: 'show',
    summary: 'show a run, one of its tasks, or one sample',
    load: async () => (await import('./show.ts')).defineShowCommand,
  },
  {
    name: 'explain',
    summary: 'show where every piece of a run came from, or what a run file changed since',
    load: async () => (await import('./explain.ts')).defineExplainCommand,
  },
  {
    name: 'export',
    summary: 'write the samples of a run as JSON lines or CSV',
    load: async () => (await import('./export.ts')).defineExportCommand,
  },
  {
    name: 'diff',
    summary: 'compare two runs, or tasks of one: better, or noise?',
    load: async () => (await import('./diff.ts')).defineDiffCommand,
  },
  {
    name: 'resume',
    summary: 'go on with a failed, cancelled or interrupted run',
    load: async () => (await import('./resume.ts')).defineResumeCommand,
  },
  {
    name: 'watch',
    summary: 'follow a run from any shell',
    load: async () => (await import('./watch.ts')).defineWatchCommand,
  },
  {
    name: 'cancel',
    summary: 'cancel a run',
    load: async () => (await import('./cancel.ts')).defineCancelCommand,
  },
  {
    name: 'pause',
    summary: 'send nothing new for a run until it is unpaused',
    load: async () => (await import('./pause.ts')).definePauseCommand,
  },
  {
    name: 'unpause',
    summary: 'let a paused run go on',
    load: async () => (await import('./pause.ts')).defineUnpauseCommand,
  },
  {
    name: 'schedule',
    summary: 'run evaluations at fixed times; add, show and the like',
    load: async () => (await import('./schedule.ts')).defineScheduleCommand,
  },
  {
    name: 'cache',
    summary: 'keep the store small and sound: ls, verify, gc, rm',
    load: async () => (await import('./cache.ts')).defineCacheCommand,
  },
  {
    name: 'store',
    summary: 'the schema and keys of a store: migrate, rekey',
    load: async () => (await import('./store.ts')).defineStoreCommand,
  },
  {
    name: 'up',
    summary: 'work on detached and scheduled runs of this machine',
    load: async () => (await import('./up.ts')).defineUpCommand,
  },
  {
    name: 'worker',
    summary: 'work on the runs of a store, beside other workers',
    load: async () => (await import('./worker.ts')).defineWorkerCommand,
  },
  {
    name: 'doctor',
    summary: 'check what Stet needs on this machine',
    load: async () => (await import('./doctor.ts')).defineDoctorCommand,
  },
  {
    name: 'completion',
    summary: 'print what makes bash, zsh or fish complete commands and names',
    isForPrograms: true,
    load: async () => (await import('./completion.ts')).defineCompletionCommand,
  },
  {
    name: '__complete',
    summary: 'what can be typed next',
    isForPrograms: true,
    isHidden: true,
    load: async () => (await import('./completion.ts')).defineCompleteCommand,
  },
];
