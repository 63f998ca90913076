import { type Lease, type LeaseRequest, leaseTermMs, sendWindowMs } from '../../contracts/limit-leases.ts';
import type { LeaseHolder, LimitLedger } from '../limit-ledger.ts';
import { divideLimit } from '../limit-shares.ts';
import { build } from './build.ts';
import type { Database } from './database.ts';
import { findProcess } from './run-owners.ts';
import type { LimitLeases } from './tables.ts';
import { all, execute, find, type Query, type Work } from './work.ts';

/** A living holder renews its row about once a second; when one has not, it is looked up whether its process lives. */
const rewriteAfterMs = 800;
const suspectAfterMs = 2_000;
/** Longer than a holder relies on its lease. */
const expiredAfterMs = leaseTermMs + 2_000;
/** How far ahead moments of sending are given out; a group of many holders looks further. */
const horizonMs = 1_000;
/** Booked by a holder that knows of no limit: nobody gets any before it has heard of one. */
const unlimitedSlots = 1_000_000_000;

interface Decision {
  readonly clock: Clock;
  readonly lease: Omit<Lease, 'sendsInMs'>;
  readonly row: LimitLeases;
  readonly present: LimitLeases | undefined;
  readonly gone: readonly LimitLeases[];
  readonly othersCount: number;
  readonly hungryCount: number;
  readonly rateLimit: number | undefined;
}

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Leases in a database. Most renewals change nothing and only read. */
export class SqlLimitLedger implements LimitLedger {
  readonly #database: Database;
  readonly #clock: Clock | Query<{ now_ms: number }>;

  /** @param clock - The one of all who hold leases: this machine's, or what the database answers. */
  constructor(database: Database, clock: Clock | Query<{ now_ms: number }>) {
    this.#database = database;
    this.#clock = clock;
  }

  async renew(request: LeaseRequest, holder: LeaseHolder): Promise<Lease> {
    if (request.sends === 0) {
      const seen = await this.#database.snapshot(() => this.#decide(request, holder));
      if (!isWorthWriting(seen)) return { ...seen.lease, sendsInMs: seen.rateLimit === undefined ? null : [] };
    }
    const { lease, moments, clock } = await this.#database.transaction(() => this.#take(request, holder));
    // Counted from when the holder hears of them: a commit may take its time.
    const nowMs = clock();
    return { ...lease, sendsInMs: moments?.map((moment) => moment - nowMs) ?? null };
  }

  async release(group: string, holderId: string): Promise<void> {
    await this.#database.transaction(() => this.#remove(group, holderId));
  }

  /** A clock that goes on by itself from what was read. */
  *#readClock(): Work<Clock> {
    if (typeof this.#clock === 'function') return this.#clock;
    const [row] = yield* all(this.#clock);
    const readAtMs = performance.now();
    return () => (row?.now_ms ?? 0) + performance.now() - readAtMs;
  }

  *#take(request: LeaseRequest, holder: LeaseHolder) {
    const decision = yield* this.#decide(request, holder);
    for (const { holder_id: gone } of decision.gone) yield* removeLease(request.group, gone);
    yield* putLease(decision.row);
    const { lease, clock } = decision;
    return { lease, clock, moments: yield* takeSends(request, decision, clock()) };
  }

  *#remove(group: string, holderId: string): Work<void> {
    const nowMs = (yield* this.#readClock())();
    yield* removeLease(group, holderId);
    // What nobody asks for any more would stay for ever: rows of killed processes, and paces that slow nobody down.
    yield* execute(build.deleteFrom('limit_leases').where('renewed_at_ms', '<', Math.floor(nowMs - expiredAfterMs)));
    yield* execute(build.deleteFrom('limit_paces').where('next_send_at_ms', '<', nowMs));
  }

  *#decide(request: LeaseRequest, holder: LeaseHolder): Work<Decision> {
    const clock = yield* this.#readClock();
    const nowMs = clock();
    const { group, holderId, inFlight } = request;
    const rows = yield* all(build.selectFrom('limit_leases').selectAll().where('limit_group', '=', group));
    const present = rows.find((row) => row.holder_id === holderId);
    const gone: LimitLeases[] = [];
    for (const row of rows) if (row !== present && (yield* isGone(row, nowMs, holder))) gone.push(row);
    const others = rows.filter((row) => row !== present && !gone.includes(row));
    const limit = findSmallest([request.maxConcurrentRequests, ...others.map((row) => row.max_concurrent_requests)]);
    const wanted = Math.min(inFlight + request.waiting, limit ?? 0);
    const claim = {
      holderId,
      wanted,
      slots: present?.slots ?? 0,
      turnBeganAtMs: present?.turn_began_at_ms ?? 0,
    };
    const share =
      limit === undefined
        ? unlimitedSlots
        : (divideLimit(limit, [claim, ...others.map(toClaim)], nowMs).get(holderId) ?? 0);
    const taken = others.reduce((sum, row) => sum + row.slots, 0);
    const usable = limit === undefined ? unlimitedSlots : Math.max(0, Math.min(share, limit - taken));
    // What is in flight cannot be given away, whatever the share has become.
    const slots = Math.max(usable, inFlight);
    return {
      clock,
      lease: {
        slots: limit === undefined ? null : usable,
        isOverdrawn: slots > usable,
        isShort: usable < share,
      },
      row: {
        limit_group: group,
        holder_id: holderId,
        process_id: holder.processId,
        max_concurrent_requests: request.maxConcurrentRequests ?? null,
        rate_limit: request.rateLimit ?? null,
        slots,
        wanted,
        turn_began_at_ms: slots > claim.slots ? Math.floor(nowMs) : claim.turnBeganAtMs,
        renewed_at_ms: Math.floor(nowMs),
      },
      present,
      gone,
      othersCount: others.length,
      hungryCount: 1 + others.filter((row) => row.wanted > 0).length,
      rateLimit: findSmallest([request.rateLimit, ...others.map((row) => row.rate_limit)]),
    };
  }
}

function* isGone(row: LimitLeases, nowMs: number, holder: LeaseHolder): Work<boolean> {
  // Of a clock that was set back, too.
  const silentMs = Math.abs(nowMs - row.renewed_at_ms);
  if (silentMs > expiredAfterMs) return true;
  if (silentMs <= suspectAfterMs) return false;
  const process = yield* findProcess(row.process_id);
  return process === undefined || !holder.isAlive(process);
}

function isWorthWriting({ present, row, gone, othersCount }: Decision): boolean {
  if (present === undefined || gone.length > 0) return true;
  return (
    present.slots !== row.slots ||
    present.max_concurrent_requests !== row.max_concurrent_requests ||
    present.rate_limit !== row.rate_limit ||
    // A sole holder has everything, whatever it wants.
    (othersCount > 0 && present.wanted !== row.wanted) ||
    Math.abs(row.renewed_at_ms - present.renewed_at_ms) >= rewriteAfterMs
  );
}

function* putLease(row: LimitLeases): Work<void> {
  const { limit_group: _group, holder_id: _holder, ...state } = row;
  yield* execute(
    build
      .insertInto('limit_leases')
      .values(row)
      .onConflict((conflict) => conflict.columns(['limit_group', 'holder_id']).doUpdateSet(state)),
  );
}

function* removeLease(group: string, holderId: string): Work<void> {
  yield* execute(build.deleteFrom('limit_leases').where('limit_group', '=', group).where('holder_id', '=', holderId));
}

/**
 * Takes the next moments of the group's pace. They are evenly spaced, and so far apart that no minute holds more than
 * the limit even where each query leaves as late as it may.
 */
function* takeSends(
  { group, sends }: LeaseRequest,
  { rateLimit, hungryCount }: Decision,
  nowMs: number,
): Work<readonly number[] | null> {
  if (rateLimit === undefined) return null;
  if (sends === 0) return [];
  const spacingMs = (60_000 + sendWindowMs) / rateLimit;
  const wanted = Math.min(sends, Math.max(1, Math.floor(horizonMs / spacingMs / hungryCount)));
  let nextMs = Math.max(nowMs, yield* findNextSendMs(group, nowMs));
  const moments: number[] = [];
  // One in any case, however far ahead: so that holders of a slow group take turns.
  while (moments.length === 0 || (moments.length < wanted && nextMs <= nowMs + horizonMs)) {
    moments.push(nextMs);
    nextMs += spacingMs;
  }
  const pace = { next_send_at_ms: nextMs, written_at_ms: Math.floor(nowMs) };
  yield* execute(
    build
      .insertInto('limit_paces')
      .values({ limit_group: group, ...pace })
      .onConflict((conflict) => conflict.column('limit_group').doUpdateSet(pace)),
  );
  return moments;
}

function* findNextSendMs(group: string, nowMs: number): Work<number> {
  const pace = yield* find(build.selectFrom('limit_paces').selectAll().where('limit_group', '=', group));
  if (pace === undefined) return nowMs;
  // A clock that was set back must not hold everybody up until it is where it was.
  const setBackMs = Math.max(0, pace.written_at_ms - nowMs);
  return pace.next_send_at_ms - setBackMs;
}

function toClaim(row: LimitLeases) {
  return {
    holderId: row.holder_id,
    wanted: row.wanted,
    slots: row.slots,
    turnBeganAtMs: row.turn_began_at_ms,
  };
}

function findSmallest(values: readonly (number | null | undefined)[]): number | undefined {
  const declared = values.filter((value) => value !== null && value !== undefined);
  return declared.length === 0 ? undefined : Math.min(...declared);
}
