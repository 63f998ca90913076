// Prints what a store lets be done with it, as JSON. Usage: node inspect-store.mjs STORE FILE

import process from 'node:process';
import { openStet } from '../../dist/embedded/index.js';

const [store, file] = process.argv.slice(2);
const stet = await openStet({ store });
const [run] = await stet.list();
const plan = await stet.plan(file);
const shown = await stet.show(run.run);
const refused = await stet.run(file).then(
  () => null,
  ({ code, message, hint }) => ({ code, message, hint }),
);
process.stdout.write(
  JSON.stringify({ listed: run.status, shown: shown.status, planned: plan.tasks[0].reuse, refused }),
);
await stet.close();
