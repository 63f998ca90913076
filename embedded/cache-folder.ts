import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from './server/run-tool.ts';

/** The folder of this user for what can be fetched or made again: `XDG_CACHE_HOME`, else where the system has it. */
export function findCacheFolder(environment: Environment): string {
  const named = environment['XDG_CACHE_HOME'] ?? '';
  if (isAbsolute(named)) return join(named, 'stet');
  const home = environment['HOME'] || homedir();
  return process.platform === 'darwin' ? join(home, 'Library', 'Caches', 'stet') : join(home, '.cache', 'stet');
}
