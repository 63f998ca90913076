import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openPostgresStore } from '../../../storage/postgres/open-postgres-store.ts';
import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';
import { bundleScript } from '../bundle-script.ts';
import { segmentOf } from '../conformance/samples.ts';
import type { WriterReport } from '../sqlite/journal-writer.ts';

let root: string;
let script: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-processes-'));
  script = join(root, 'journal-writer.mjs');
  await bundleScript(new URL('../sqlite/journal-writer.ts', import.meta.url), script);
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function start(location: string, name: string, count: number) {
  const child = fork(script, [location, name, String(count)], { execArgv: [] });
  children.push(child);
  const reports: WriterReport[] = [];
  child.on('message', (report) => reports.push(report as WriterReport));
  return { child, reports };
}

function waitForExit(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await waitForExit(child);
}

describeOnPostgres('processes of one PostgreSQL store', () => {
  test('that make it at once and write the same names agree on every answer', async () => {
    const url = await createDatabase();
    const writers = ['one', 'two'].map((name) => start(url, name, 200));
    expect(await Promise.all(writers.map(({ child }) => waitForExit(child)))).toEqual([0, 0]);
    const store = await openPostgresStore(url);
    const { answers } = await store.journal.load(segmentOf('task'));
    await store.close();
    expect(answers).toHaveLength(200);
    for (const { reports } of writers) {
      expect(reports).toHaveLength(200);
      for (const { sampleIndex, stands } of reports) {
        expect(JSON.stringify(answers[sampleIndex]?.answer.output)).toBe(stands);
      }
    }
  });

  test('have what was confirmed to one that was killed', async () => {
    const url = await createDatabase();
    const { child, reports } = start(url, 'one', 1_000_000);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('It has ended by itself.')));
      child.on('message', () => {
        if (reports.length >= 100) resolve();
      });
    });
    await kill(child);
    const store = await openPostgresStore(url);
    const { answers } = await store.journal.load(segmentOf('task'));
    await store.close();
    const recorded = new Set(answers.map(({ sampleIndex }) => sampleIndex));
    expect(reports.filter(({ sampleIndex }) => !recorded.has(sampleIndex))).toEqual([]);
  });
});
