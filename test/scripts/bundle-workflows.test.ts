import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stet-bundle-'));
  for (const part of ['workflows', 'contracts']) mkdirSync(join(folder, 'dist', part), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writeEntry = (source: string) => writeFileSync(join(folder, 'dist', 'workflows', 'index.js'), source);
const readBundle = () => readFileSync(join(folder, 'dist', 'workflow-bundle.js'), 'utf8');

function bundle(): { readonly status: number | null; readonly output: string } {
  const script = join(repository, 'scripts', 'bundle-workflows.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

it('bundles once, and again only when something changed', () => {
  writeEntry('export async function firstWorkflow() {}\n');
  expect(bundle()).toMatchObject({ status: 0, output: expect.stringContaining('firstWorkflow') });
  expect(bundle()).toEqual({ status: 0, output: '' });
  writeEntry('export async function secondWorkflow() {}\n');
  expect(bundle()).toMatchObject({ status: 0, output: expect.stringContaining('secondWorkflow') });
  expect(readBundle()).toContain('secondWorkflow');
});

it('refuses a bundle without workflows, and leaves no earlier one in its place', () => {
  writeEntry('export async function firstWorkflow() {}\n');
  bundle();
  writeEntry('export {};\n');
  expect(bundle()).toMatchObject({ status: 1, output: expect.stringContaining('no workflow') });
  expect(readBundle).toThrow('ENOENT');
});

it('names files in its source map without the path of this machine', () => {
  writeEntry('export async function firstWorkflow() {}\n');
  bundle();
  const map = Buffer.from(readBundle().split(';base64,').at(-1) ?? '', 'base64').toString('utf8');
  expect(map).toContain('dist/workflows/index.js');
  expect(map).not.toContain(realpathSync(folder));
});

it('says which module cannot be in the sandbox', () => {
  writeEntry("import 'node:fs';\nexport async function firstWorkflow() {}\n");
  expect(bundle()).toMatchObject({ status: 1, output: expect.stringContaining('node:fs') });
});

it('fails when nothing was compiled', () => {
  expect(bundle()).toMatchObject({ status: 1, output: expect.stringContaining('tsc --build') });
});
