import { build } from './build.ts';
import { execute, find, type Work } from './work.ts';

/** Rows a segment of a store whose maker did not say (design 2). */
export const defaultSegmentSize = 200;

/** Fixes the segment size of a store that has none yet. */
export function* keepSegmentSize(size: number): Work<void> {
  if ((yield* findSegmentSize()) !== undefined) return;
  yield* execute(
    build
      .insertInto('store_properties')
      .values({ name: 'segment_size', value: String(size) })
      .onConflict((conflict) => conflict.doNothing()),
  );
}

export function* findSegmentSize(): Work<number | undefined> {
  const row = yield* find(build.selectFrom('store_properties').select('value').where('name', '=', 'segment_size'));
  return row === undefined ? undefined : Number(row.value);
}
