import * as fc from 'fast-check';
import { type CachePolicy, cachePolicies } from '../../../contracts/cache-policy.ts';
import { type Damage, damages, type Piece, pieces } from './blobs.ts';
import { type Settings, type Shape, shapes } from './settings.ts';

/**
 * One step of a sequence. `which` picks among those that the step can be about; a step that can be about nothing is passed
 * over, so that a sequence stays one when others are taken out of it.
 */
export type Step =
  | {
      readonly do: 'run';
      readonly policy: CachePolicy;
      readonly shape: Shape;
      readonly process: number;
      readonly hold: number | null;
    }
  | { readonly do: 'edit'; readonly field: keyof Settings; readonly value: number }
  | { readonly do: 'release'; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number; readonly process: number }
  | { readonly do: 'kill'; readonly which: number; readonly server: boolean }
  | { readonly do: 'crash'; readonly which: number; readonly process: number }
  | { readonly do: 'resume'; readonly which: number; readonly process: number; readonly hold: number | null }
  | { readonly do: 'fail'; readonly row: number | null }
  | { readonly do: 'damage'; readonly which: number; readonly piece: Piece; readonly how: Damage }
  | { readonly do: 'gc' };

const which = fc.nat({ max: 5 });
/** Two processes work on the store, the first one more often. */
const process = fc.constantFrom(0, 0, 0, 0, 0, 0, 1);
/** After how many answers the rest is held; null: not at all. */
const hold = fc.constantFrom(null, 1, 2, 4, 1, 2);
const policy = fc.constantFrom<CachePolicy>(...cachePolicies, 'reuse', 'reuse', 'reuse');
const shape = fc.constantFrom<Shape>(...shapes, 'alone', 'alone');
const field = fc.constantFrom<keyof Settings>(
  ...(['prompt', 'temperature', 'row', 'unusedCell', 'trials', 'truth', 'extraMetric', 'exclusion'] as const),
  ...([
    'scorer',
    'scorer',
    'scorer',
    'truth',
    'extraMetric',
    'judgeTemperature',
    'words',
    'pace',
    'tolerance',
  ] as const),
);

export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constant('run' as const), policy, shape, process, hold }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('edit' as const), field, value: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which, process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), which, server: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), which, process }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resume' as const), which, process, hold }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), row: fc.constantFrom(null, 0, 2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('damage' as const),
      which,
      piece: fc.constantFrom(...pieces),
      how: fc.constantFrom(...damages),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gc' as const) }) },
);

/** For people: one line a step. */
export function describeStep(step: Step): string {
  const { do: what, ...details } = step;
  return [what, ...Object.entries(details).map(([name, value]) => `${name}=${String(value)}`)].join(' ');
}
