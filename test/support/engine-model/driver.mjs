// A process that works: it holds the library open on a store and does what it is told over IPC, so that a test can kill it.
import { openStet } from '../../../dist/embedded/index.js';
// What takes longest to load is loaded while the process is still spare.
import '../../../dist/embedded/open-session.js';
import '../../../dist/workers/create-workers.js';

let stet;
const handles = new Map();

const keep = (handle) => {
  handles.set(handle.id, handle);
  handle.result().catch(() => undefined); // seen in the store
  return { run: handle.id, attached: handle.attached };
};

const operations = {
  async open(options) {
    stet = await openStet({ ...options, command: 'driver' });
  },
  run: async ({ source, envFile }) => keep(await stet.run(source, { envFile })),
  resume: async ({ run }) => keep(await stet.resume(run)),
  async cancel({ run }) {
    const handle = handles.get(run);
    // Whether it ends as cancelled or has just completed is seen in the store.
    await (handle === undefined ? stet.cancel(run) : handle.cancel());
  },
  async close() {
    await stet?.close();
    stet = undefined;
    handles.clear();
  },
};

async function handle({ id, operation, input }) {
  try {
    process.send({ id, result: await operations[operation](input) });
  } catch (error) {
    process.send({ id, error: { code: error.code ?? 'unknown', message: String(error.stack ?? error) } });
  }
}

process.on('message', (message) => void handle(message));
// The test is gone: whoever is the last one out takes the Temporal server along.
process.on('disconnect', () => {
  setTimeout(() => process.exit(), 10_000); // queries in flight have nobody left who answers them
  void operations.close().finally(() => process.exit());
});
process.send({ ready: true });
