import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../../storage/sqlite/open-sqlite-store.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeProcess } from '../conformance/samples.ts';

/** Locks a database until its standard input ends. */
const holdLock = `
  const database = new (require('libsql'))(process.argv[1]);
  database.exec('BEGIN EXCLUSIVE');
  console.log('holding');
  process.stdin.resume().on('end', () => process.exit(0));`;

it('waits for a lock that another process holds, then says who; what only reads goes on', async () => {
  await using folder = await makeTemporaryFolder();
  const store = await openSqliteStore(folder.path);
  const words = ['-e', holdLock, path.join(folder.path, 'store.db')];
  const repository = fileURLToPath(new URL('../../../', import.meta.url));
  const child = spawn(process.execPath, words, { cwd: repository, stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    expect(await store.runs.listRuns({ limit: 1 })).toEqual([]);
    const who = process.platform === 'linux' ? `process ${child.pid} (node)` : 'another process';
    await expect(store.runs.registerProcess(makeProcess('a'))).rejects.toMatchObject({
      code: 'store-failed',
      message: `The database of the store has been locked for 5 s by ${who}.`,
      hint: expect.stringContaining('run the same command again') as string,
    });
    child.stdin.end();
    await once(child, 'exit');
    await store.runs.registerProcess(makeProcess('a'));
    expect(await store.runs.listProcesses()).toHaveLength(1);
  } finally {
    child.kill('SIGKILL');
    await store.close();
  }
});
