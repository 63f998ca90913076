import { everythingKept, type Luck, onlySyncedKept } from './disk.ts';
import type { Random } from './random.ts';

/** How a power cut treats what was not synced; the extremes find more than chance alone. */
export const powerCuts = [
  'only-synced',
  'everything',
  'names-without-contents',
  'sizes-without-contents',
  'contents-without-names',
  'torn',
  'mixed',
] as const;
export type PowerCut = (typeof powerCuts)[number];

/** Bytes that lie in sectors nobody has written yet: of another file, perhaps. */
const leftover = 0xa5;

export function makeLuck(cut: PowerCut, random: Random): Luck {
  const none = () => 0;
  const all = (count: number) => count;
  const some = (count: number) => random.upTo(count);
  switch (cut) {
    case 'only-synced':
      return onlySyncedKept;
    case 'everything':
      return everythingKept;
    case 'names-without-contents':
      return { ...onlySyncedKept, forFolder: everythingKept.forFolder };
    case 'sizes-without-contents':
      return {
        forFile: () => ({ pickSize: all, pickSector: none, filler: random.pick([0, leftover]) }),
        forFolder: everythingKept.forFolder,
      };
    case 'contents-without-names':
      return { ...everythingKept, forFolder: onlySyncedKept.forFolder };
    case 'torn':
      return {
        forFile: () => ({ pickSize: all, pickSector: some, filler: random.pick([0, leftover]) }),
        forFolder: () => ({ keepsEntry: () => random.fraction() < 0.5 }),
      };
    case 'mixed':
      // Per file: nothing, everything, or any of both; so that one file is far ahead of another.
      return {
        forFile: () => ({
          pickSize: random.pick([none, all, some]),
          pickSector: random.pick([none, all, some]),
          filler: random.pick([0, leftover]),
        }),
        forFolder: () => {
          const share = random.pick([0, 0.5, 1]);
          return { keepsEntry: () => random.fraction() < share };
        },
      };
  }
}
