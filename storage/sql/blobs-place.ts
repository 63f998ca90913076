import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { build } from './build.ts';
import { execute, find, type Work } from './work.ts';

/** What the record of a store says where blobs lie in or beside its database. */
const inStore = 'store';

/**
 * Notes where the blobs of a new store lie, and refuses another place from then on: elsewhere each of them would be missing,
 * and be paid for again.
 *
 * @param name - Of the place that the settings name; undefined: in the store itself.
 * @throws {EvaluationError} `usage`.
 */
export function* keepBlobsPlace(name: string = inStore): Work<void> {
  const kept = (yield* findBlobsPlace()) ?? (yield* findPlaceOfOldStore());
  if (kept === undefined) {
    yield* execute(
      build
        .insertInto('store_properties')
        .values({ name: 'blobs_place', value: name })
        .onConflict((conflict) => conflict.doNothing()),
    );
  } else refuseOtherPlace(kept, name);
}

export function* findBlobsPlace(): Work<string | undefined> {
  const row = yield* find(build.selectFrom('store_properties').select('value').where('name', '=', 'blobs_place'));
  return row?.value;
}

/** As `keepBlobsPlace`, for a store that is only read. */
export function* checkBlobsPlace(name: string = inStore): Work<void> {
  const kept = (yield* findBlobsPlace()) ?? (yield* findPlaceOfOldStore());
  if (kept !== undefined) refuseOtherPlace(kept, name);
}

function refuseOtherPlace(kept: string, name: string): void {
  if (kept === name) return;
  if (kept === inStore) {
    throw new EvaluationError(
      'usage',
      `STET_BLOBS names ${name}, but the blobs of this store lie in the store itself.`,
      {
        hint: 'Unset STET_BLOBS, or name another store.',
      },
    );
  }
  const named = name === inStore ? 'STET_BLOBS is not set' : `STET_BLOBS names ${name}`;
  throw new EvaluationError('usage', `The blobs of this store lie at ${kept}, but ${named}.`, {
    hint: `Set STET_BLOBS=${kept}, with the endpoint and region that reach it from here.`,
  });
}

/** A store from before places were noted has its blobs in itself, once it has a run. */
function* findPlaceOfOldStore(): Work<string | undefined> {
  const row = yield* find(build.selectFrom('runs').select('run_id').limit(1));
  return row === undefined ? undefined : inStore;
}
