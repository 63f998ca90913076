import { openStore } from '../../../storage/open-store.ts';

// Run as a process of its own: reserves queries of a run, many at once, and says so of each that it was given, which then
// counts as sent. It ends when it is given no more.
const [location = '', runId = '', lanes = '1'] = process.argv.slice(2);
const store = await openStore(location);

async function takeQueries(): Promise<void> {
  for (;;) {
    const { isGranted } = await store.spending.reserve(runId);
    if (!isGranted) return;
    await new Promise((resolve) => process.send?.('given', resolve));
  }
}

await Promise.all(Array.from({ length: Number(lanes) }, takeQueries));
await store.close();
process.disconnect?.();
