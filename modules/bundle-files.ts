import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  const remove = () => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    directory = undefined;
  };
  return {
    getUrl({ digest, source }) {
      let url = urls.get(digest);
      if (url === undefined) {
        if (directory === undefined) {
          directory = mkdtempSync(join(tmpdir(), 'stet-modules-'));
          process.once('exit', remove);
        }
        const file = join(directory, `${digest.replace(/[^A-Za-z0-9]+/g, '-')}.mjs`);
        writeFileSync(file, source, { mode: 0o600 });
        url = pathToFileURL(file).href;
        urls.set(digest, url);
      }
      return url;
    },
    close() {
      process.removeListener('exit', remove);
      remove();
      urls.clear();
    },
  };
}
