import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Bundles as files, which is the form that threads can import. */
export interface BundleFiles {
  /** File URL of the bundle; written once. */
  getUrl(bundle: { readonly digest: string; readonly source: string }): string;
  close(): void;
}

export function createBundleFiles(): BundleFiles {
  const urls = new Map<string, string>();
  let directory: string | undefined;
  return {
    getUrl({ digest, source }) {
      let url = urls.get(digest);
      if (url === undefined) {
        directory ??= mkdtempSync(join(tmpdir(), 'stet-modules-'));
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        const file = join(directory, `${digest.replace(/[^A-Za-z0-9]+/g, '-')}.mjs`);
        writeFileSync(file, source, { mode: 0o600 });
        url = pathToFileURL(file).href;
        urls.set(digest, url);
      }
      return url;
    },
    close() {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
      urls.clear();
    },
  };
}
