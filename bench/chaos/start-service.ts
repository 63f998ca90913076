import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Books, FromService, ServiceProgress, ToService } from './service-protocol.ts';

/** The model's service, from the side of the chaos command. */
export interface Service {
  /** Where it keeps books, and where it does not. */
  readonly baseUrl: string;
  readonly referenceUrl: string;
  /** As of a few milliseconds ago. */
  readonly progress: ServiceProgress;
  onProgress(listener: (progress: ServiceProgress) => void): () => void;
  /** Empties the books. */
  beginRound(): Promise<void>;
  readBooks(): Promise<Books>;
  close(): Promise<void>;
}

const noProgress: ServiceProgress = {
  received: 0,
  answered: 0,
  answeredByRole: { solve: 0, verdict: 0, grade: 0 },
  inFlight: 0,
  lastProcess: null,
};

export async function startService(seed: string): Promise<Service> {
  const child = fork(fileURLToPath(new URL('./model-service.js', import.meta.url)), [seed]);
  const events = new EventEmitter<{ [Type in FromService['type']]: [Extract<FromService, { type: Type }>] }>();
  let progress = noProgress;
  child.on('message', (message: FromService) => {
    if (message.type === 'progress') progress = message.progress;
    events.emit(message.type, message as never);
  });
  const ask = (message: ToService) => child.send(message);
  const [{ port }] = (await once(events, 'listening')) as [Extract<FromService, { type: 'listening' }>];
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    referenceUrl: `http://127.0.0.1:${port}/reference/v1`,
    get progress() {
      return progress;
    },
    onProgress(listener) {
      const handler = (message: Extract<FromService, { type: 'progress' }>) => listener(message.progress);
      events.on('progress', handler);
      return () => events.off('progress', handler);
    },
    async beginRound() {
      const began = once(events, 'round-began');
      ask({ type: 'begin-round' });
      await began;
      progress = noProgress;
    },
    async readBooks() {
      const books = once(events, 'books');
      ask({ type: 'read-books' });
      const [message] = (await books) as [Extract<FromService, { type: 'books' }>];
      return message.books;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
