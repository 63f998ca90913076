import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../storage/store.ts';
import { makeRun } from '../conformance/samples.ts';

// What several processes, as handles of one store, get of a limit, whatever they do and whenever they die.

let root: string;
let nowMs = 1_000_000;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-spending-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const openHandle = (): Promise<Store> => openSqliteStore(join(root, '.stet'), { now: () => new Date(nowMs) });

const handle = fc.nat({ max: 2 });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('reserve' as const), handle, count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give-back' as const), handle }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add' as const), handle, tokens: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), handle, ms: fc.nat({ max: 8_000 }) }) },
);

it('is never more than the limit, and never less than was promised', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(step, { maxLength: 25 }),
      async (queries, tokens, steps) => {
        const handles = await Promise.all([openHandle(), openHandle(), openHandle()]);
        try {
          const runId = `run-${runs++}`;
          await (handles[0] as Store).runs.createRun({ ...makeRun(runId), limits: { queries, tokens } }, []);
          let [granted, used, workedMs] = [0, 0, 0];
          for (const [index, one] of steps.entries()) {
            const { spending } = handles[one.handle] as Store;
            if (one.kind === 'reserve') {
              const answers = await Promise.all(Array.from({ length: one.count }, () => spending.reserve(runId)));
              const given = answers.filter(({ isGranted }) => isGranted).length;
              expect(given, `step ${index}`).toBe(used >= tokens ? 0 : Math.min(one.count, queries - granted));
              granted += given;
            } else if (one.kind === 'give-back') {
              if (granted === 0) continue;
              await spending.giveBack(runId);
              granted--;
            } else if (one.kind === 'add') {
              await spending.add(runId, { tokens: one.tokens, cost: 0n });
              used += one.tokens;
            } else if (one.kind === 'die') {
              // What it asks for at that moment is granted to nobody who could use it; counted it may be.
              const asked = spending.reserve(runId).catch(() => undefined);
              await (handles[one.handle] as Store).close();
              granted += (await asked)?.isGranted === true ? 1 : 0;
              handles[one.handle] = await openHandle();
            } else {
              await spending.recordSign(runId);
              nowMs += one.ms;
              await spending.recordSign(runId);
              workedMs += one.ms <= 5_000 ? one.ms : 0;
            }
          }
          const { spent } = await (handles[0] as Store).spending.find(runId);
          expect(spent).toMatchObject({ queries: granted, tokens: used, workedMs });
          expect(spent.queries).toBeLessThanOrEqual(queries);
        } finally {
          await Promise.all(handles.map((store) => store.close()));
        }
      },
    ),
    { numRuns: 30 },
  );
});
