import { withLock } from '../../../embedded/server/with-lock.ts';

// Holds a lock until it is killed. Run as its own process.

await withLock(process.argv[2] ?? '', { timeoutMs: 0 }, async () => {
  process.stdout.write('holding\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
