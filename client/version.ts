import { readFileSync } from 'node:fs';

/** Version of this package. The file is one level up from the sources, two from what is built. */
export const version: string = readVersion(['../package.json', '../../package.json']);

function readVersion(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === 'stet' && manifest.version !== undefined) return manifest.version;
    } catch {
      // not there: the other one
    }
  }
  return 'unknown';
}
