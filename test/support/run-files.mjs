// Starts the evaluations of several run files in one process and stays with them until it is killed, or until they end.
// Usage: node run-files.mjs STORE at-once|in-order FILE... With `in-order` each has its tasks at work before the next begins.

import process from 'node:process';
import { openStet } from '../../dist/embedded/index.js';

const [store, how, ...files] = process.argv.slice(2);
const stet = await openStet({ store, segmentSize: 6 });
const handles = [];
for (const file of files) {
  const last = handles.at(-1);
  if (how === 'in-order' && last !== undefined) await untilAtWork(last);
  handles.push(await stet.run(file));
}
process.stdout.write(`${JSON.stringify(handles.map(({ id }) => id))}\n`);
await Promise.all(handles.map((handle) => handle.result()));
await stet.close();

async function untilAtWork(handle) {
  for await (const event of handle.events()) {
    if (event.type === 'progress' && event.tasks.every(({ status }) => status === 'running')) return;
  }
}
