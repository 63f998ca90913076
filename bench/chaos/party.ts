import { type Command, startCommand } from './command.ts';

/** A command that is started again at once, as a person would, until it has done its work. */
export interface Party {
  /** `command` or `neighbour`. */
  readonly role: string;
  /** Its present or last start. */
  readonly command: Command;
  readonly isDone: boolean;
  /** Names of its starts that were killed. */
  readonly killed: ReadonlySet<string>;
  /** Whether its present start has been told to end, or was killed. */
  readonly isLeaving: boolean;
  /** Resolves with the end that was a success; rejects when it ended as it must not. */
  readonly done: Promise<void>;
  kill(): void;
  drain(): void;
  /** It may end with an error: what it stands on was taken away while it came up. */
  excuse(): void;
}

export interface PartyOptions {
  readonly role: string;
  readonly folder: string;
  readonly arguments: readonly string[];
  readonly nameStart: () => string;
  /** Waited for before each further start. */
  readonly mayStart: () => Promise<void>;
  /** Something was said, or a start has begun or ended. */
  readonly onChange: () => void;
  /** It ended with an error that was excused. */
  readonly onGivenUp: (command: Command) => void;
}

export function startParty(options: PartyOptions): Party {
  const { role, folder, onChange, onGivenUp } = options;
  const killed = new Set<string>();
  const drained = new Set<string>();
  const excused = new Set<string>();
  const start = () => startCommand(options.arguments, { name: options.nameStart(), folder, onLine: onChange });
  let command = start();
  let isDone = false;

  const done = (async () => {
    for (;;) {
      const { code, signal } = await command.ended;
      const { name } = command;
      onChange();
      if (code === 0) {
        killed.delete(name); // the signal came too late
        isDone = true;
        onChange();
        return;
      }
      const isExpected =
        (killed.has(name) && signal === 'SIGKILL') || (drained.has(name) && (code === 143 || signal === 'SIGTERM'));
      if (!isExpected && !excused.has(name)) {
        const how = signal ?? `exit code ${code}`;
        throw new Error(`The ${role} ended with ${how}; it said:\n${command.lastLines.join('\n')}`);
      }
      if (!isExpected) onGivenUp(command);
      await options.mayStart();
      command = start();
      onChange();
    }
  })();
  done.catch(() => undefined); // whoever waits for the round hears of it

  return {
    role,
    get command() {
      return command;
    },
    get isDone() {
      return isDone;
    },
    killed,
    get isLeaving() {
      return killed.has(command.name) || drained.has(command.name);
    },
    done,
    kill() {
      if (command.end !== undefined) return;
      killed.add(command.name);
      command.signal('SIGKILL');
    },
    drain() {
      if (command.end !== undefined || drained.has(command.name)) return; // a second signal would be a kill
      drained.add(command.name);
      command.signal('SIGTERM');
    },
    excuse: () => void excused.add(command.name),
  };
}
