import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The specification's own reader of Compose files, which checks them against the published schema. No container is started.

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const reader = 'github.com/compose-spec/compose-go/v2/cmd@v2.9.0';
const hasGo = await run('go', ['version']).then(
  () => true,
  () => false,
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stet-compose-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The file as the specification reads it. */
async function readCompose(file: string): Promise<{ readonly services: Readonly<Record<string, unknown>> }> {
  const { stdout } = await run('go', ['run', reader, '-no-interpolation', '-format', 'json', file], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
    maxBuffer: 10_000_000,
  });
  return JSON.parse(stdout) as { readonly services: Readonly<Record<string, unknown>> };
}

if (!hasGo)
  process.stderr.write('SKIPPED: docker-compose.yml is not checked against its schema, since Go is missing.\n');

describe.skipIf(!hasGo)('docker-compose.yml', () => {
  it('is a Compose file by its published schema, and a misspelt key would not be', { timeout: 300_000 }, async () => {
    const file = path.join(repository, 'docker-compose.yml');
    const { services } = await readCompose(file);
    expect(Object.keys(services).toSorted()).toEqual(['namespace', 'postgresql', 'schema', 'temporal', 'ui', 'worker']);
    const misspelt = path.join(folder, 'misspelt.yml');
    await writeFile(misspelt, (await readFile(file, 'utf8')).replace('stop_grace_period', 'stop_grace_periot'));
    await expect(readCompose(misspelt)).rejects.toThrow(/stop_grace_periot/);
  });
});
