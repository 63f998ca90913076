import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, startCommand } from '../command.ts';
import type { Trouble } from './trouble.ts';

/** A `stet worker` that is started again whenever it has ended, as whoever supervises containers does. */
export interface Worker {
  readonly role: string;
  /** Its present or last start. */
  readonly command: Command;
  /** It has said that it works, and has not ended since. */
  readonly isWorking: boolean;
  /** It has been stopped and not yet been woken. */
  readonly isAsleep: boolean;
  /** Ended before it had come up, for want of what was away then. */
  readonly givenUp: number;
  /** Rejects when it ends as it must not. */
  readonly failed: Promise<never>;
  /** The next start comes after the delay. */
  kill(restartDelayMs: number): void;
  /** SIGSTOP; SIGCONT when the signal fires or the time is over. */
  stop(durationMs: number, signal: AbortSignal): Promise<void>;
  /** SIGTERM: it has to end with 0, and is not started again. */
  drain(): Promise<void>;
}

export interface WorkerOptions {
  readonly role: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly nameStart: () => string;
  readonly trouble: Trouble;
  /** Something was said, or a start has begun or ended. */
  readonly onChange: () => void;
  /** It ended before it had come up, and will be started again. */
  readonly onGivenUp: (command: Command) => void;
}

/** Between the end of a worker that could not come up and its next start. */
const retryMs = 500;

export function startWorker(options: WorkerOptions): Worker {
  const { role, folder, environment, trouble, onChange } = options;
  const killed = new Map<string, number>();
  let isWorking = false;
  let isDraining = false;
  let isAsleep = false;
  let givenUp = 0;
  const start = () => {
    isWorking = false;
    return startCommand(['worker'], {
      name: options.nameStart(),
      folder,
      environment,
      onLine(line) {
        if (line.startsWith('Working: ')) isWorking = true;
        onChange();
      },
    });
  };
  let command = start();

  const ended = (async () => {
    for (;;) {
      const { code, signal } = await command.ended;
      const wasWorking = isWorking;
      isWorking = false;
      onChange();
      if (isDraining && code === 0) return;
      const delayMs = signal === 'SIGKILL' ? killed.get(command.name) : undefined;
      const isExcused = !wasWorking && trouble.wasSince(command.startedAtMs);
      if (delayMs === undefined && !isExcused) {
        const said = command.lastLines.join('\n');
        throw new Error(`The ${role} ended with ${signal ?? `exit code ${code}`}; it said:\n${said}`);
      }
      if (delayMs === undefined) {
        givenUp++;
        options.onGivenUp(command);
      }
      if (isDraining) return;
      await sleep(delayMs ?? retryMs);
      if (isDraining) return;
      command = start();
      onChange();
    }
  })();
  const failed = ended.then(() => new Promise<never>(() => {}));
  failed.catch(() => undefined); // whoever waits for the round hears of it

  return {
    role,
    get command() {
      return command;
    },
    get isWorking() {
      return isWorking;
    },
    get isAsleep() {
      return isAsleep;
    },
    get givenUp() {
      return givenUp;
    },
    failed,
    kill(restartDelayMs) {
      if (command.end !== undefined) return;
      killed.set(command.name, restartDelayMs);
      isWorking = false;
      command.signal('SIGKILL');
    },
    async stop(durationMs, signal) {
      const stopped = command;
      isAsleep = true;
      stopped.signal('SIGSTOP');
      await Promise.race([sleep(durationMs, undefined, { signal }).catch(() => undefined), stopped.ended]);
      stopped.signal('SIGCONT');
      isAsleep = false;
    },
    async drain() {
      isDraining = true;
      if (command.end === undefined) command.signal('SIGTERM');
      await ended;
    },
  };
}
