import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, startCommand } from '../command.ts';
import type { Trouble } from './trouble.ts';

/** Somebody who begins an evaluation, leaves it to the workers, and watches it to its end. */
export interface Client {
  readonly role: string;
  /** Its present or last start. */
  readonly command: Command;
  /** Once it is known. */
  readonly run: string | undefined;
  readonly isDone: boolean;
  /** Commands that ended for want of what was away then. */
  readonly givenUp: number;
  /** Resolves once the run is completed; rejects when a command ended as it must not. */
  readonly done: Promise<void>;
}

export interface ClientOptions {
  readonly role: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly file: string;
  readonly nameStart: () => string;
  readonly trouble: Trouble;
  readonly onChange: () => void;
  readonly onGivenUp: (command: Command) => void;
  readonly signal: AbortSignal;
}

/** Between a command that ended for want of something and the same command again. */
const retryMs = 500;

export function startClient(options: ClientOptions): Client {
  const { role, folder, environment, trouble, onChange } = options;
  const start = (...words: readonly string[]) =>
    startCommand([...words, '--json'], { name: options.nameStart(), folder, environment, onLine: onChange });
  let command = start('run', '-f', options.file, '--detach');
  let run: string | undefined;
  let isDone = false;
  let givenUp = 0;

  /** Types a command until it ends with 0. @returns its document. */
  const typeUntilDone = async (words: readonly string[]): Promise<{ readonly run: string }> => {
    for (;;) {
      const { code, signal, stdout } = await command.ended;
      onChange();
      if (code === 0) return JSON.parse(stdout) as { readonly run: string };
      if (!trouble.wasSince(command.startedAtMs)) {
        const said = command.lastLines.join('\n');
        throw new Error(`stet ${words.join(' ')} ended with ${signal ?? `exit code ${code}`}; it said:\n${said}`);
      }
      givenUp++;
      options.onGivenUp(command);
      await sleep(retryMs, undefined, { signal: options.signal });
      command = start(...words);
      onChange();
    }
  };

  const done = (async () => {
    ({ run } = await typeUntilDone(['run', '-f', options.file, '--detach']));
    onChange();
    const watch = ['watch', run] as const;
    command = start(...watch);
    await typeUntilDone(watch);
    isDone = true;
    onChange();
  })();
  done.catch(() => undefined); // whoever waits for the round hears of it

  return {
    role,
    get command() {
      return command;
    },
    get run() {
      return run;
    },
    get isDone() {
      return isDone;
    },
    get givenUp() {
      return givenUp;
    },
    done,
  };
}
