import { sql } from 'kysely';
import { expect, test } from 'vitest';
import {
  createDatabase as createDatabaseAt,
  query,
  terminateSessions,
} from '../../../bench/servers/postgres/databases.ts';
import { startPostgres } from '../../../bench/servers/postgres/postgres-server.ts';
import { openPostgresStore } from '../../../storage/postgres/open-postgres-store.ts';
import { PostgresDatabase } from '../../../storage/postgres/postgres-database.ts';
import { parsePostgresLocation } from '../../../storage/postgres/postgres-location.ts';
import { build } from '../../../storage/sql/build.ts';
import { execute, find, type Work } from '../../../storage/sql/work.ts';
import { type Cut, startCuttingProxy } from '../../support/postgres/cutting-proxy.ts';
import { createDatabase, describeOnPostgres, getPostgres } from '../../support/services/shared-services.ts';
import {
  getTask,
  makeJournalAnswer,
  makeJournalOutcome,
  makeRun,
  makeTask,
  segmentOf,
} from '../conformance/samples.ts';

function connect(url: string, patienceMs = 60_000) {
  const notices: string[] = [];
  const onNotice = (text: string) => notices.push(text);
  const database = new PostgresDatabase(parsePostgresLocation(url), { access: 'write', patienceMs, onNotice });
  return { database, notices };
}

/** Work that shows how often it was done: one more than was read. */
function* countUp(): Work<number> {
  const row = yield* find(build.selectFrom('store_properties').select('value').where('name', '=', 'counter'));
  const count = Number(row?.value ?? 0) + 1;
  const value = String(count);
  yield* execute(
    build
      .insertInto('store_properties')
      .values({ name: 'counter', value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value })),
  );
  return count;
}

async function readCounter(url: string): Promise<number> {
  const [row] = await query(url, `SELECT value FROM store_properties WHERE name = 'counter'`);
  return Number(row?.['value']);
}

async function makeStore(url: string): Promise<void> {
  await (await openPostgresStore(url)).close();
}

/** Resolves when so many of the promises have. */
function waitForSome(promises: readonly Promise<unknown>[], count: number): Promise<void> {
  let done = 0;
  return new Promise((resolve, reject) => {
    for (const promise of promises) {
      promise.then(() => {
        done += 1;
        if (done === count) resolve();
      }, reject);
    }
  });
}

const countsTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describeOnPostgres('a transaction', () => {
  test.each<Cut>(['answer', 'question'])('is done once where the %s of its COMMIT is lost', async (cut) => {
    const { host, port } = getPostgres();
    const url = await createDatabase();
    await makeStore(url);
    await using proxy = await startCuttingProxy({ host, port });
    const { database, notices } = connect(url.replace(`:${port}/`, `:${proxy.port}/`));
    let commits = 0;
    proxy.decide = () => (++commits === 2 ? cut : undefined);
    const results = [];
    for (let index = 0; index < 3; index++) results.push(await database.transaction(countUp));
    expect(proxy.cuts).toBe(1);
    expect(results).toEqual([1, 2, 3]);
    expect(await readCounter(url)).toBe(3);
    expect(notices).toEqual([expect.stringContaining('Waiting for the store'), expect.stringContaining('is back')]);
    await database.close();
  });

  test('is done once, whatever of many COMMITs is lost, by whomever', async () => {
    const { host, port } = getPostgres();
    const url = await createDatabase();
    await makeStore(url);
    await using proxy = await startCuttingProxy({ host, port });
    const location = url.replace(`:${port}/`, `:${proxy.port}/`);
    const databases = [connect(location).database, connect(location).database] as const;
    let commits = 0;
    const cuts: readonly (Cut | undefined)[] = [undefined, 'answer', undefined, 'question', undefined];
    proxy.decide = () => cuts[commits++ % cuts.length];
    const results = await Promise.all(
      countsTo(40).map((count) => databases[count % 2 === 0 ? 0 : 1].transaction(countUp)),
    );
    expect(proxy.cuts).toBeGreaterThan(10);
    // Each saw what the one before had written, and none wrote twice.
    expect(results.toSorted((left, right) => Number(left) - Number(right))).toEqual(countsTo(40));
    expect(await readCounter(url)).toBe(40);
    for (const database of databases) await database.close();
  });

  test('goes on where its session was terminated', async () => {
    const url = await createDatabase();
    await makeStore(url);
    const databases = [connect(url).database, connect(url).database] as const;
    const transactions = countsTo(60).map((count) => databases[count % 2 === 0 ? 0 : 1].transaction(countUp));
    let terminated = 0;
    for (const done of [5, 20, 40]) {
      await waitForSome(transactions, done);
      terminated += await terminateSessions(url);
    }
    const results = await Promise.all(transactions);
    expect(terminated).toBeGreaterThan(0);
    expect(results.toSorted((left, right) => Number(left) - Number(right))).toEqual(countsTo(60));
    expect(await readCounter(url)).toBe(60);
    for (const database of databases) await database.close();
  });

  test('goes on where another is in its way for too long', async () => {
    const url = await createDatabase();
    await makeStore(url);
    const { database } = connect(url);
    let tries = 0;
    const result = await database.transaction(function* () {
      tries += 1;
      if (tries < 3) yield* execute(sql`DO $$ BEGIN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END $$`);
      return yield* countUp();
    });
    expect([tries, result, await readCounter(url)]).toEqual([3, 1, 1]);
    await database.close();
  });

  test('that throws leaves nothing behind, and the session goes on', async () => {
    const url = await createDatabase();
    await makeStore(url);
    const { database } = connect(url);
    const failing = database.transaction(function* () {
      yield* countUp();
      throw new TypeError('not today');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('not today'),
    });
    expect(await database.transaction(countUp)).toBe(1);
    await database.close();
  });
});

describeOnPostgres('a server that crashes and comes back', () => {
  test('costs neither a transaction nor an answer, and each is there once', async () => {
    await using server = await startPostgres();
    const url = await createDatabaseAt(server.address);
    const notices: string[] = [];
    const [one, other] = [
      await openPostgresStore(url, { onNotice: (text) => notices.push(text) }),
      await openPostgresStore(url),
    ];
    await one.runs.createRun(makeRun('run'), [makeTask('task')]);
    const segment = segmentOf('task');
    const { database } = connect(url);
    const transactions = countsTo(60).map(() => database.transaction(countUp));
    // Lanes, as a solver has them: each goes on when its answer is confirmed. Both stores ask for the same names.
    const lane = async (store: typeof one, name: string, first: number): Promise<string[]> => {
      const stands: string[] = [];
      for (let sampleIndex = first; sampleIndex < 200; sampleIndex += 4) {
        const answer = await store.journal.appendAnswer(segment, makeJournalAnswer(name, { sampleIndex }));
        stands[sampleIndex] = JSON.stringify(answer.output);
        if (sampleIndex % 3 > 0) continue;
        const text = `${name} ${sampleIndex}`;
        await store.journal.appendOutcome(segment, { ...makeJournalOutcome(sampleIndex), text });
      }
      return stands;
    };
    const lanes = [0, 1, 2, 3].flatMap((first) => [lane(one, 'one', first), lane(other, 'other', first)]);
    await waitForSome(transactions, 20);
    await server.crash();
    await server.start();
    expect(await Promise.all(transactions)).toEqual(countsTo(60));
    const stands = await Promise.all(lanes);
    expect(await readCounter(url)).toBe(60);
    const { answers, outcomes } = await one.journal.load(segment);
    expect(answers.map(({ sampleIndex }) => sampleIndex)).toEqual(countsTo(200).map((count) => count - 1));
    for (const [index, stood] of stands.entries()) {
      for (const { sampleIndex, answer } of answers) {
        if (sampleIndex % 4 === Math.floor(index / 2)) expect(stood[sampleIndex]).toBe(JSON.stringify(answer.output));
      }
    }
    expect(outcomes).toHaveLength(67);
    expect(notices.some((text) => text.startsWith('Waiting for the store at postgres://127.0.0.1'))).toBe(true);
    expect(notices.join()).not.toContain(server.address.password);
    await database.close();
    await one.close();
    await other.close();
  });

  test('is waited for no longer than one is patient, nor after a close', async () => {
    await using server = await startPostgres();
    const url = await createDatabaseAt(server.address);
    await makeStore(url);
    const hasty = connect(url, 100);
    const patient = connect(url);
    await server.stop();
    const given = await hasty.database.transaction(countUp).catch((error: unknown) => error);
    expect(given).toMatchObject({ code: 'store-failed', message: expect.stringContaining('could not be reached') });
    expect(String(given)).not.toContain(server.address.password);
    const waiting = patient.database.transaction(countUp).catch((error: unknown) => error);
    while (patient.notices.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await patient.database.close();
    expect(await waiting).toMatchObject({ message: expect.stringContaining('has been closed') });
    await hasty.database.close();
  });
});

describeOnPostgres('an attempt that is over', () => {
  test('writes nothing any more, however many of its rows are on their way when the segment is sealed', async () => {
    const url = await createDatabase();
    const [zombie, successor] = [await openPostgresStore(url), await openPostgresStore(url)];
    await zombie.runs.createRun(makeRun('run'), [makeTask('task')]);
    await zombie.results.recordRunning('task', { verdict: 'none', why: null, warnings: [] });
    const segment = segmentOf('task');
    let isOver = false;
    let written = 0;
    const writing = (async () => {
      for (let sampleIndex = 0; !isOver || sampleIndex % 10 > 0; sampleIndex++) {
        const answer = zombie.journal.appendAnswer(segment, makeJournalAnswer('late', { sampleIndex }));
        const outcome = zombie.journal.appendOutcome(segment, makeJournalOutcome(sampleIndex, { text: 'late' }));
        await Promise.all([answer, outcome]);
        written += 1;
      }
    })();
    while (written < 10) await new Promise((resolve) => setImmediate(resolve));
    const blob = await successor.content.put(Buffer.from('sealed'));
    await successor.results.registerSegment(segment, { blob, samples: 1, errors: 0, queries: { sent: 1, retried: 0 } });
    const sealedAt = written;
    while (written < sealedAt + 10) await new Promise((resolve) => setImmediate(resolve));
    isOver = true;
    await writing;
    expect(await successor.journal.load(segment)).toEqual({ answers: [], outcomes: [] });
    expect((await getTask(successor, 'task')).status).toBe('running');
    await zombie.close();
    await successor.close();
  });
});

describeOnPostgres('a store that cannot be opened', () => {
  const failed = (text: string) => ({ code: 'store-failed', message: expect.stringContaining(text) });

  test('says so at once, without the password', async () => {
    const { host, port, user } = getPostgres();
    const url = await createDatabase();
    const place = `${host}:${port}`;
    const wrong = [
      [`postgres://${user}:not-this-secret@${place}/postgres`, 'password authentication failed'],
      [url.replace(/\/test_\w+$/, '/nowhere'), 'database "nowhere" does not exist'],
    ] as const;
    for (const [location, text] of wrong) {
      const error = await openPostgresStore(location).catch((reason: unknown) => reason);
      expect(error).toMatchObject(failed(text));
      expect(JSON.stringify(error) + String(error)).not.toContain(new URL(location).password);
    }
  });

  test('for want of permission says what is missing', async () => {
    const { user, password } = getPostgres();
    const url = await createDatabase();
    const role = `guest_${new URL(url).pathname.slice(1)}`;
    await query(url, `CREATE ROLE ${role} LOGIN PASSWORD 'guest'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
    const location = url.replace(`${user}:${password}@`, `${role}:guest@`);
    await expect(openPostgresStore(location)).rejects.toMatchObject({
      ...failed('permission denied'),
      hint: expect.stringContaining('right to'),
    });
    await query(url, `DROP ROLE ${role}`);
  });

  test('because its URL is none does not repeat it', async () => {
    for (const location of ['postgres://user:secret word@:x/', 'mysql://user:secret@host/']) {
      const error = await openPostgresStore(location).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'usage' });
      expect(String(error)).not.toContain('secret');
    }
  });
});
