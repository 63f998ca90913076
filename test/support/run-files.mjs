// Starts the evaluations of several run files in one process and stays with them until it is killed, or until they end.
// Usage: node run-files.mjs STORE FILE...

import process from 'node:process';
import { openStet } from '../../dist/embedded/index.js';

const [store, ...files] = process.argv.slice(2);
const stet = await openStet({ store, segmentSize: 6 });
const handles = [];
for (const file of files) handles.push(await stet.run(file));
process.stdout.write(`${JSON.stringify(handles.map(({ id }) => id))}\n`);
await Promise.all(handles.map((handle) => handle.result()));
await stet.close();
