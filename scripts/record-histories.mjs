// Records the histories of real runs anew, for the replay tests: after a change of the workflows that is meant, and before
// it is released. Histories of earlier releases are kept as they are.
import { startVitest } from 'vitest/node';

const vitest = await startVitest('test', [], {
  include: ['test/workflows/record-histories.ts'],
  watch: false,
  testTimeout: 120_000,
});
await vitest.close();
