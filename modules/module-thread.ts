import { parentPort, workerData } from 'node:worker_threads';
import type { FromHost } from '../hosts/host-messages.ts';
import type { ThreadData } from './thread-data.ts';

// Entry file of a thread: runs user code. Everything here must hold against a function that blocks, exits or dies.

/** What {@link createModuleHost} has a thread do; without an argument the module is only loaded. */
interface Call {
  readonly type: 'call';
  readonly id: number;
  /** File URL of the bundle. */
  readonly url: string;
  readonly exportName: string;
  readonly argument?: string;
}
type Message = Call | { readonly type: 'abort' | 'ask'; readonly id: number };
interface Running {
  readonly controller: AbortController;
  readonly startedAt: number;
}

const { current: shared } = workerData as ThreadData;
const current = new Int32Array(shared, 0, 1);
const enteredAt = new Float64Array(shared, 8, 1);
const running = new Map<number, Running>();
const port = parentPort;
if (port === null) throw new Error('This file is the entry of a worker thread.');

// A thread can end itself; the process is not its own.
Object.defineProperty(process, 'kill', {
  value: () => {
    throw new Error('process.kill is not available here.');
  },
});

// What user code prints goes nowhere. Not the pool's to swallow: reading a thread's output keeps the process alive.
for (const stream of [process.stdout, process.stderr]) {
  Object.defineProperty(stream, 'write', {
    value: (...parameters: readonly unknown[]) => {
      const callback = parameters.at(-1);
      if (typeof callback === 'function') queueMicrotask(() => callback());
      return true;
    },
  });
}

const send = (message: FromHost): void => port.postMessage(message);

port.on('message', (messages: readonly Message[]) => {
  for (const message of messages) void handle(message);
});

async function handle(message: Message): Promise<void> {
  switch (message.type) {
    case 'call':
      return message.argument === undefined ? await checkExport(message) : await runCall(message, message.argument);
    case 'abort':
      running.get(message.id)?.controller.abort();
      return;
    case 'ask': {
      const call = running.get(message.id);
      send({ type: 'running', id: message.id, ...(call && { runningMs: performance.now() - call.startedAt }) });
    }
  }
}

async function runCall(call: Call, argumentText: string): Promise<void> {
  const loaded = await load(call);
  if (loaded === undefined) return;
  const controller = new AbortController();
  running.set(call.id, { controller, startedAt: performance.now() });
  try {
    const argument: unknown = JSON.parse(argumentText);
    if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
      Object.defineProperty(argument, 'signal', { value: controller.signal, enumerable: true });
    }
    // Tells the pool who is to blame if this never returns; Atomics are seen although this thread says nothing any more.
    enteredAt[0] = Date.now();
    Atomics.store(current, 0, call.id);
    let pending: unknown;
    try {
      pending = loaded(argument);
    } finally {
      Atomics.store(current, 0, 0);
    }
    respond(call.id, await pending);
  } catch (error) {
    const { message, status } = describe(error);
    send({ type: 'error', id: call.id, message, isThrown: true, ...(status === undefined ? {} : { status }) });
  } finally {
    running.delete(call.id);
  }
}

function respond(id: number, value: unknown): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    send({
      type: 'error',
      id,
      message: `It returned what JSON cannot say: ${describe(error).message}`,
      isThrown: false,
    });
    return;
  }
  if (text === undefined)
    send({ type: 'error', id, message: `It returned ${typeof value}, not a value.`, isThrown: false });
  else send({ type: 'result', id, value: text });
}

async function checkExport(check: Call): Promise<void> {
  if ((await load(check)) !== undefined) send({ type: 'result', id: check.id, value: 'true' });
}

/** Undefined when it failed; the pool has been told then. */
async function load(call: { readonly id: number; readonly url: string; readonly exportName: string }) {
  try {
    const module = (await import(call.url)) as Readonly<Record<string, unknown>>;
    const found = Object.hasOwn(module, call.exportName) ? module[call.exportName] : undefined;
    if (typeof found === 'function') return found as (argument: unknown) => unknown;
    const names = Object.keys(module);
    const offered =
      names.length === 0 ? 'It exports nothing.' : `It exports ${names.map((name) => `"${name}"`).join(', ')}.`;
    const what = found === undefined ? 'is missing' : 'is not a function';
    send({
      type: 'error',
      id: call.id,
      message: `The export "${call.exportName}" ${what}. ${offered}`,
      isThrown: false,
    });
  } catch (error) {
    send({
      type: 'error',
      id: call.id,
      message: `The module cannot be loaded: ${describe(error).message}`,
      isThrown: false,
    });
  }
  return undefined;
}

function describe(error: unknown): { readonly message: string; readonly status?: number } {
  try {
    if (typeof error !== 'object' || error === null) return { message: String(error) };
    const { message, status } = error as { message?: unknown; status?: unknown };
    return {
      message: typeof message === 'string' && message !== '' ? message : 'an error without a message',
      ...(typeof status === 'number' ? { status } : {}),
    };
  } catch {
    return { message: 'an error that cannot be read' };
  }
}
