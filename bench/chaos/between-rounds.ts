import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { ReportedTask } from './check-documents.ts';
import { damageStore } from './damage-store.ts';
import { collectGarbage } from './keep-house.ts';
import { doubt, type Knowledge } from './knowledge.ts';
import { removeTemporalDatabase } from './perform-deed.ts';
import type { Random } from './random.ts';
import type { Say } from './report.ts';

/** A store in which nobody works: what happens to it until the next round. Gives whether a blob was damaged. */
export async function mistreatStore(setting: {
  readonly store: string;
  readonly known: Knowledge;
  /** Digests of what was damaged on purpose; one more is added. */
  readonly damaged: Set<string>;
  /** Of the last round. */
  readonly tasks: readonly ReportedTask[];
  readonly random: Random;
  readonly say: Say;
}): Promise<boolean> {
  const { store, known, damaged, tasks, random, say } = setting;
  const temporal = random.weighted({ stays: 70, 'database deleted': 15, 'folder deleted': 15 });
  if (temporal === 'database deleted') await removeTemporalDatabase(store);
  if (temporal === 'folder deleted') await rm(path.join(store, 'temporal'), { recursive: true, force: true });
  if (temporal !== 'stays') say(`between rounds: Temporal's ${temporal}`);

  const damage = random.chance(0.25) ? await damageStore(store, tasks, random) : undefined;
  if (damage !== undefined) {
    doubt(damage.specification, damage.stage, known);
    damaged.add(damage.digest);
    say(`between rounds: damaged ${damage.description}`);
  }
  if (random.chance(0.3)) {
    const { blobs, rows } = await collectGarbage(store);
    say(`between rounds: garbage collected, ${blobs.count} blobs and ${rows.journal_rows} journal rows`);
  }
  return damage !== undefined;
}
