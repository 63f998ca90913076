import type { ProcessRecord } from '../run-log.ts';
import { build } from './build.ts';
import { findProcess } from './run-owners.ts';
import { execute, find, type Work } from './work.ts';

/** Makes a process the one that has a duty of the store, unless another has it that keeps it. */
export function* takeDuty(
  duty: string,
  processId: string,
  keepsIt: (holder: ProcessRecord, sign: string) => boolean,
  sign = '',
): Work<boolean> {
  const name = `duty:${duty}`;
  const held = yield* findProperty(name);
  const [holderId, holderSign = ''] = held?.split(' ') ?? [];
  if (holderId !== undefined && holderId !== processId) {
    const holder = yield* findProcess(holderId);
    if (holder !== undefined && keepsIt(holder, holderSign)) return false;
  }
  const value = `${processId} ${sign}`.trimEnd();
  if (value !== held) yield* putProperty(name, value);
  return true;
}

/** Since when the store has been used with the Temporal of that id and no other. */
export function* recordTemporal(id: string, now: string): Work<string> {
  const known = JSON.parse((yield* findProperty('temporal')) ?? '{}') as {
    readonly id?: string;
    readonly since?: string;
  };
  if (known.id === id && known.since !== undefined) return known.since;
  yield* putProperty('temporal', JSON.stringify({ id, since: now }));
  return now;
}

function* findProperty(name: string): Work<string | undefined> {
  return (yield* find(build.selectFrom('store_properties').select('value').where('name', '=', name)))?.value;
}

function* putProperty(name: string, value: string): Work<void> {
  yield* execute(
    build
      .insertInto('store_properties')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value })),
  );
}
