import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeThisProcess, identifyProcess } from '../../../embedded/process-registry.ts';
import { ensureServer, type ServerHandle } from '../../../embedded/server/ensure-server.ts';
import { findTemporalCli, type TemporalCli } from '../../../embedded/server/find-cli.ts';
import { isServerAlive } from '../../../embedded/server/server-record.ts';
import { buildCommand, finishCommand, readRecord, startCommand, waitForEnd } from './commands.ts';
import { openProcessFolder } from './process-folder.ts';

let cli: TemporalCli;
let program: string;
let store: string;
let handles: ServerHandle[];
let notices: string[];

beforeAll(async () => {
  // no skip: what this suite tests cannot be tested without the CLI, and Stet itself knows how to get it
  cli = await findTemporalCli({ environment: process.env, onProgress: (line) => process.stderr.write(`${line}\n`) });
  program = await buildCommand('hold-server');
}, 300_000);

beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'stet-server-'));
  handles = [];
  notices = [];
});

afterEach(async () => {
  await Promise.all(handles.map((handle) => handle.release()));
  if (existsSync(join(store, 'temporal', 'server.json'))) {
    const record = readRecord(store);
    if (isServerAlive(record)) process.kill(record.pid, 'SIGKILL');
    await waitForEnd(() => isServerAlive(record));
  }
  rmSync(store, { recursive: true, force: true });
});

/** A share of this process, as a further command would have it. */
async function hold(options: { readonly cliVersion?: string; readonly ui?: boolean } = {}): Promise<ServerHandle> {
  const runs = openProcessFolder(join(store, 'processes'));
  const self = describeThisProcess('test');
  await runs.registerProcess(self);
  const handle = await ensureServer({
    storeDirectory: store,
    cliPath: cli.path,
    cliVersion: cli.version,
    ...options,
    processId: self.processId,
    runs,
    onNotice: (line) => notices.push(line),
  });
  handles.push(handle);
  return handle;
}

async function withClient<Result>(address: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** A workflow that no worker ever executes: what shows that a database is the same one. */
const startWorkflow = (address: string, workflowId: string) =>
  withClient(address, (client) =>
    client.workflow.start('anything', { workflowId, taskQueue: 'nobody', args: [] }).then(() => undefined),
  );

const knowsWorkflow = (address: string, workflowId: string) =>
  withClient(address, (client) =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        (found) => found.status.name === 'RUNNING',
        () => false,
      ),
  );

describe('the server of a store', () => {
  it('is started on a new database, set up, and knows its search attributes', async () => {
    const server = await hold();
    expect(server).toMatchObject({ startedHere: true, isFresh: true, uiAddress: undefined });
    await withClient(server.address, async (client) => {
      const { connection } = client;
      const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
      expect(config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(30 * 86_400);
      const { customAttributes } = await (connection as Connection).operatorService.listSearchAttributes({
        namespace: 'default',
      });
      const keyword = 2;
      const int = 3;
      expect(customAttributes).toMatchObject({ StetEvaluation: keyword, StetTrigger: keyword, StetErrors: int });
    });
    expect(notices).toEqual([]);
  });

  it('is one, however many commands ask for it at once', async () => {
    const words = [store, cli.path, cli.version];
    const [own, ...commands] = await Promise.all([hold(), startCommand(program, words), startCommand(program, words)]);
    expect(commands.map(({ address }) => address)).toEqual([own.address, own.address]);
    expect([own, ...commands].filter(({ startedHere }) => startedHere)).toHaveLength(1);
    await Promise.all(commands.map(finishCommand));
  });

  it('lives while a command uses it, and ends with the last one', async () => {
    const first = await startCommand(program, [store, cli.path, cli.version]);
    const second = await hold();
    expect(second).toMatchObject({ address: first.address, startedHere: false, isFresh: false });
    await finishCommand(first);
    const record = readRecord(store);
    expect(record.state).toBe('ready');
    await startWorkflow(second.address, 'still-served');
    await second.release();
    await waitForEnd(() => isServerAlive(record));
    expect(readRecord(store).state).toBe('stopping');
  });

  it('survives the command that started it, and the next command joins it', async () => {
    const killed = await startCommand(program, [store, cli.path, cli.version]);
    killed.process.kill('SIGKILL');
    await waitForEnd(() => killed.process.exitCode === null && killed.process.signalCode === null);
    const next = await hold();
    expect(next).toMatchObject({ address: killed.address, startedHere: false });
    // the dead command is still registered, and does not keep the server
    const record = readRecord(store);
    await next.release();
    await waitForEnd(() => isServerAlive(record));
  });

  it('gets the search attributes that it lacks when an older release has started it', async () => {
    const server = await hold();
    // What an older release leaves: fewer names, and a record that does not say which.
    const name = 'StetTrigger';
    await withClient(server.address, (client) =>
      (client.connection as Connection).operatorService.removeSearchAttributes({
        namespace: 'default',
        searchAttributes: [name],
      }),
    );
    const { searchAttributes: _names, ...record } = readRecord(store);
    writeFileSync(join(store, 'temporal', 'server.json'), JSON.stringify(record));
    const joined = await hold();
    expect(joined).toMatchObject({ address: server.address, startedHere: false });
    const { customAttributes } = await withClient(server.address, (client) =>
      (client.connection as Connection).operatorService.listSearchAttributes({ namespace: 'default' }),
    );
    expect(Object.keys(customAttributes)).toContain(name);
  });

  it('comes back on its port with its database after kill -9', async () => {
    const before = await hold();
    await startWorkflow(before.address, 'kept');
    const record = readRecord(store);
    process.kill(record.pid, 'SIGKILL');
    await waitForEnd(() => isServerAlive(record));
    const after = await hold();
    expect(after).toMatchObject({ address: before.address, startedHere: true, isFresh: false });
    expect(after.databaseWholeSince).toBe(before.databaseWholeSince);
    expect(await knowsWorkflow(after.address, 'kept')).toBe(true);
  });

  it('is revived for a command that lost it, and left alone otherwise', async () => {
    const server = await hold();
    expect(await server.revive()).toEqual({ restarted: false, isFresh: false });
    const record = readRecord(store);
    process.kill(record.pid, 'SIGKILL');
    await waitForEnd(() => isServerAlive(record));
    expect(await server.revive()).toEqual({ restarted: true, isFresh: false });
    await startWorkflow(server.address, 'after-revival');
  });

  it('starts again at once while the last one is still ending, and keeps what that one recorded', async () => {
    for (const round of [1, 2, 3]) {
      const server = await hold();
      expect(server.startedHere).toBe(true);
      await startWorkflow(server.address, `round-${round}`);
      expect(await knowsWorkflow(server.address, 'round-1')).toBe(true);
      await server.release();
    }
  });

  it('is found again when its record is lost, so that no second one opens the database', async () => {
    const first = await hold();
    const { pid } = readRecord(store);
    unlinkSync(join(store, 'temporal', 'server.json'));
    const second = await hold();
    expect(second).toMatchObject({ address: first.address, startedHere: false });
    expect(readRecord(store)).toMatchObject({ pid, state: 'ready' });
  });

  it('is not taken for alive when another process has its pid', async () => {
    const first = await hold();
    await first.release();
    const record = readRecord(store);
    await waitForEnd(() => isServerAlive(record));
    const impostor = { ...identifyProcess(process.pid), startMark: `${record.startMark}0` };
    writeFileSync(join(store, 'temporal', 'server.json'), JSON.stringify({ ...record, ...impostor, state: 'ready' }));
    expect((await hold()).startedHere).toBe(true);
  });

  it('takes another port when its own was taken meanwhile', async () => {
    const first = await hold();
    const { port, ...old } = readRecord(store);
    await first.release();
    await waitForEnd(() => isServerAlive(old));
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      expect((await hold()).address).not.toBe(first.address);
    } finally {
      squatter.close();
    }
  });

  it('goes on from records that a power cut or a kill left half-written', async () => {
    const first = await hold();
    await first.release();
    const old = readRecord(store);
    await waitForEnd(() => isServerAlive(old));
    const inTemporal = (name: string): string => join(store, 'temporal', name);
    const record = readFileSync(inTemporal('server.json'), 'utf8');
    writeFileSync(inTemporal('server.json'), record.slice(0, record.length / 2));
    writeFileSync(inTemporal('server.json.new'), '{');
    writeFileSync(inTemporal('temporal.db.json.new'), '');
    writeFileSync(inTemporal('server.lock-journal'), 'left over');
    const second = await hold();
    expect(second).toMatchObject({ startedHere: true, isFresh: false });
    expect(readRecord(store).state).toBe('ready');
    expect(notices).toEqual([]);
  });

  it('makes a new database where the stamp of the old one is half-written', async () => {
    const first = await hold();
    await first.release();
    const old = readRecord(store);
    await waitForEnd(() => isServerAlive(old));
    writeFileSync(join(store, 'temporal', 'temporal.db.json'), '{"cliVersion":');
    expect(await hold()).toMatchObject({ startedHere: true, isFresh: true });
    expect(notices).toEqual([expect.stringMatching(/set aside .* nothing says which version/)]);
  });

  it('is not asked for by a process that is not registered', async () => {
    const runs = openProcessFolder(join(store, 'processes'));
    const options = { storeDirectory: store, cliPath: cli.path, cliVersion: cli.version, onNotice: () => undefined };
    await expect(ensureServer({ ...options, processId: randomUUID(), runs })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('says what the CLI wrote when it does not come up', async () => {
    const broken = join(store, 'broken-cli');
    writeFileSync(broken, '#!/bin/sh\necho "no such flag: whatever" >&2\nexit 1\n', { mode: 0o755 });
    const runs = openProcessFolder(join(store, 'processes'));
    const self = describeThisProcess('test');
    await runs.registerProcess(self);
    const options = { storeDirectory: store, cliPath: broken, cliVersion: cli.version, onNotice: () => undefined };
    await expect(ensureServer({ ...options, processId: self.processId, runs })).rejects.toMatchObject({
      code: 'temporal-failed',
      message: expect.stringContaining('no such flag: whatever'),
    });
  });

  it('gets none of the secrets that the command holds', async () => {
    process.env['STET_TEST_SECRET'] = 'hunter2';
    try {
      await hold();
    } finally {
      delete process.env['STET_TEST_SECRET'];
    }
    expect(readFileSync(`/proc/${readRecord(store).pid}/environ`, 'utf8')).not.toContain('hunter2');
  });
});

describe('Temporal’s database', () => {
  const setAside = () => readdirSync(join(store, 'temporal')).filter((name) => name.startsWith('set-aside-'));

  it('is set aside, with a notice, for another version of the CLI', async () => {
    const first = await hold({ cliVersion: '1.9.0' });
    await startWorkflow(first.address, 'of-the-old-database');
    const old = readRecord(store);
    await first.release();
    await waitForEnd(() => isServerAlive(old));
    const second = await hold();
    expect(second).toMatchObject({ startedHere: true, isFresh: true });
    expect(await knowsWorkflow(second.address, 'of-the-old-database')).toBe(false);
    expect(notices).toEqual([expect.stringMatching(/set aside .* version 1\.9\.0 .* this is /)]);
    expect(readdirSync(join(store, 'temporal', setAside()[0] ?? ''))).toContain('temporal.db');
  });

  it('is set aside when it is damaged', async () => {
    const first = await hold();
    const old = readRecord(store);
    await first.release();
    await waitForEnd(() => isServerAlive(old));
    rmSync(join(store, 'temporal', 'temporal.db-wal'), { force: true }); // it alone would mend the file
    writeFileSync(join(store, 'temporal', 'temporal.db'), 'not a database at all'.repeat(100));
    expect(await hold()).toMatchObject({ startedHere: true, isFresh: true });
    expect(notices).toEqual([expect.stringContaining('it is damaged')]);
  });

  it('is made anew, without a notice, when its making was cut short', async () => {
    const first = await hold();
    const old = readRecord(store);
    await first.release();
    await waitForEnd(() => isServerAlive(old));
    const stamp = join(store, 'temporal', 'temporal.db.json');
    writeFileSync(stamp, JSON.stringify({ ...JSON.parse(readFileSync(stamp, 'utf8')), isComplete: false }));
    writeFileSync(join(store, 'temporal', 'temporal.db'), '');
    expect(await hold()).toMatchObject({ startedHere: true, isFresh: true });
    expect(notices).toEqual([]);
    expect(setAside()).toEqual([]);
  });

  it('was made anew when somebody deleted it, which the handle says', async () => {
    const first = await hold();
    const old = readRecord(store);
    await first.release();
    await waitForEnd(() => isServerAlive(old));
    unlinkSync(join(store, 'temporal', 'temporal.db'));
    const second = await hold();
    expect(second.isFresh).toBe(true);
    expect(Date.parse(second.databaseWholeSince)).toBeGreaterThan(Date.parse(first.databaseWholeSince));
  });
});

describe('Temporal’s web pages', () => {
  it('come when they are asked for, also when the running server had none', async () => {
    const without = await hold();
    const shared = await hold({ ui: true });
    expect(shared).toMatchObject({ address: without.address, uiAddress: undefined });
    expect(notices).toEqual([expect.stringContaining('web pages')]);
    await shared.release();
    await without.release();
    const { uiAddress } = await hold({ ui: true });
    expect((await fetch(uiAddress ?? '')).status).toBe(200);
  });

  it('come to a server that a killed command left behind without them', async () => {
    const killed = await startCommand(program, [store, cli.path, cli.version]);
    killed.process.kill('SIGKILL');
    await waitForEnd(() => killed.process.exitCode === null && killed.process.signalCode === null);
    const { uiAddress, startedHere } = await hold({ ui: true });
    expect(startedHere).toBe(true);
    expect((await fetch(uiAddress ?? '')).status).toBe(200);
  });
});
