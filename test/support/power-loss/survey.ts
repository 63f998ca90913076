import { join } from 'node:path';
import type { Acknowledgement } from './acknowledgement.ts';
import { listViolations } from './check-store.ts';
import { type CrashOptions, listCrashes } from './crashes.ts';
import { KnownContent } from './known-content.ts';
import type { Recording } from './operation-log.ts';
import { createRandom } from './random.ts';
import { storeName } from './recorder.ts';
import { writeImage } from './write-image.ts';

export interface SurveyOptions extends Omit<CrashOptions, 'random'> {
  readonly seed: number;
  /** Where images are laid out, one at a time. */
  readonly images: string;
  /** Looks at no more crashes once one has lost something. */
  readonly untilFirst?: boolean;
}

/** Cuts the power many times and says what the store, opened on what is left each time, has lost. */
export async function survey(
  recording: Recording<Acknowledgement>,
  { seed, images, untilFirst = false, ...options }: SurveyOptions,
): Promise<readonly string[]> {
  const place = join(images, 'image');
  const known = new KnownContent();
  const found: string[] = [];
  for (const { position, cut, image, acknowledged } of listCrashes(recording, {
    ...options,
    random: createRandom(seed),
  })) {
    writeImage(image, place);
    const violations = await listViolations(join(place, storeName), acknowledged, known);
    const where = `seed ${seed}, before operation ${position} of ${recording.operations.length}, ${cut}`;
    found.push(...violations.map((violation) => `${where}: ${violation}`));
    if (untilFirst && found.length > 0) break;
  }
  return found;
}

/** A new one each time, so that repetitions look at other crashes; printed, and repeated with STET_POWER_LOSS_SEED. */
export function chooseSeed(): number {
  const given = process.env['STET_POWER_LOSS_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  process.stderr.write(`Power loss: seed ${seed} (STET_POWER_LOSS_SEED)\n`);
  return seed;
}
