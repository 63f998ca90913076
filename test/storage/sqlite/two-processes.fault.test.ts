import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../storage/open-store.ts';
import { segmentOf } from '../conformance/samples.ts';
import type { WriterReport } from './journal-writer.ts';

let root: string;
let script: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-processes-'));
  script = join(root, 'journal-writer.mjs');
  const libsql = pathToFileURL(createRequire(import.meta.url).resolve('libsql')).href;
  await build({
    entryPoints: [fileURLToPath(new URL('journal-writer.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        name: 'libsql-stays-outside',
        setup: (bundler) => bundler.onResolve({ filter: /^libsql$/ }, () => ({ path: libsql, external: true })),
      },
    ],
  });
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function start(directory: string, name: string, count: number): { child: ChildProcess; reports: WriterReport[] } {
  const child = fork(script, [directory, name, String(count)], { execArgv: [] });
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

test('two processes that open a new store at once and write the same names agree on every answer', async () => {
  const directory = join(root, 'agree', '.stet');
  const writers = ['one', 'two'].map((name) => start(directory, name, 300));
  expect(await Promise.all(writers.map(({ child }) => waitForExit(child)))).toEqual([0, 0]);
  const store = await openStore(directory);
  const { answers } = await store.journal.load(segmentOf('task'));
  await store.close();
  expect(answers).toHaveLength(300);
  for (const { reports } of writers) {
    expect(reports).toHaveLength(300);
    for (const { sampleIndex, stands } of reports)
      expect(JSON.stringify(answers[sampleIndex]?.answer.output)).toBe(stands);
  }
});

test('an answer that was confirmed is there after kill -9', async () => {
  const directory = join(root, 'killed', '.stet');
  const { child, reports } = start(directory, 'one', 1_000_000);
  await new Promise<void>((resolve) => {
    child.on('message', () => {
      if (reports.length >= 200) resolve();
    });
  });
  await kill(child);
  const store = await openStore(directory);
  const { answers } = await store.journal.load(segmentOf('task'));
  await store.close();
  const recorded = new Set(answers.map(({ sampleIndex }) => sampleIndex));
  expect(reports.length).toBeGreaterThanOrEqual(200);
  expect(reports.filter(({ sampleIndex }) => !recorded.has(sampleIndex))).toEqual([]);
});
