import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Makes one file of a test script and what it imports, which Node runs as a process of its own. */
export async function bundleScript(script: URL, outfile: string): Promise<void> {
  const require = createRequire(import.meta.url);
  await build({
    entryPoints: [fileURLToPath(script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        // They load parts of themselves by paths that a bundle does not have.
        name: 'drivers-stay-outside',
        setup: (bundler) =>
          bundler.onResolve({ filter: /^(libsql|pg)$/ }, ({ path }) => ({
            path: pathToFileURL(require.resolve(path)).href,
            external: true,
          })),
      },
    ],
  });
}
