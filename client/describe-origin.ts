import { execFile } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { JsonObject } from '../contracts/json.ts';
import { hidePassword } from './hide-password.ts';
import { version } from './version.ts';

const run = promisify(execFile);

/** User, host, git commit and dirtiness of the folder, arguments, versions: recorded with a run, never counted. */
export async function describeOrigin(folder: string, commandArguments: readonly string[]): Promise<JsonObject> {
  return {
    user: findUser(),
    host: hostname(),
    git: await describeGit(folder),
    arguments: commandArguments.map(hidePassword),
    versions: { stet: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` },
  };
}

function findUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null; // no entry for this user id, as in many containers
  }
}

async function describeGit(folder: string): Promise<JsonObject | null> {
  try {
    const options = { cwd: folder, timeout: 2_000 };
    const [commit, changes] = await Promise.all([
      run('git', ['rev-parse', 'HEAD'], options),
      run('git', ['status', '--porcelain', '--untracked-files=no'], options),
    ]);
    return { commit: commit.stdout.trim(), is_dirty: changes.stdout.trim() !== '' };
  } catch {
    return null; // no git, or no repository
  }
}
