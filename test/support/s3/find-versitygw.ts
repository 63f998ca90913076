import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const version = 'v1.8.0';
const source = 'github.com/versity/versitygw/cmd/versitygw';
const program = 'versitygw';

/**
 * The program of an S3 server: that of `VERSITYGW_BIN`, else the one in the user's cache, where it is built the first
 * time (a minute or two); undefined where there is neither it nor Go.
 */
export async function findVersitygw(): Promise<string | undefined> {
  const named = process.env['VERSITYGW_BIN'] ?? '';
  if (named !== '') return named;
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'stet', 'tools', `versitygw-${version}`);
  const target = path.join(folder, program);
  if (await isExecutable(target)) return target;
  if (!(await hasGo())) return undefined;
  process.stderr.write(`Building versitygw ${version} into ${folder}, once …\n`);
  const draft = path.join(folder, `build-${process.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    await promisify(execFile)('nice', ['go', 'install', `${source}@${version}`], {
      cwd: draft,
      env: { ...process.env, GOBIN: draft, CGO_ENABLED: '0', GOFLAGS: '' },
    });
    await rename(path.join(draft, program), target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

function hasGo(): Promise<boolean> {
  return promisify(execFile)('go', ['version']).then(
    () => true,
    () => false,
  );
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
