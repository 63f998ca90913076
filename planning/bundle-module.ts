import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type BuildFailure, type BuildResult, build } from 'esbuild';
import type { Digest } from '../contracts/digest.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { digestBytes, digestJson } from '../evaluation/fingerprint/digest.ts';

export interface BundledModule {
  /** ESM text that needs nothing but Node. */
  readonly source: string;
  /** Made of what was imported, not of the bundle's bytes: another release of the bundler changes no key (format 17.4). */
  readonly version: Digest;
  readonly exports: readonly string[];
}

const extensions = ['.ts', '.js', '.mjs'];

/**
 * Packages may be CommonJS inside and expect what Node gives such modules. As globals: declared, the names would clash with
 * modules that declare them themselves.
 */
const banner = [
  "import { createRequire as stetCreateRequire } from 'node:module';",
  "import { fileURLToPath as stetFileURLToPath } from 'node:url';",
  'globalThis.require ??= stetCreateRequire(import.meta.url);',
  'globalThis.__filename ??= stetFileURLToPath(import.meta.url);',
  "globalThis.__dirname ??= stetFileURLToPath(new URL('.', import.meta.url));",
].join(' ');

/**
 * Makes one file of a user's module and of everything it imports, packages too: what is stored is what runs. Types are
 * stripped, not checked.
 *
 * @throws {EvaluationError} `config-file-missing`; `module-invalid` with file, line and column.
 */
export async function bundleModule(file: string): Promise<BundledModule> {
  if (!extensions.includes(extname(file))) {
    throw new EvaluationError('module-invalid', `The module ${file} is not a ${extensions.join(', ')} file.`);
  }
  const entry = resolve(file);
  if (!existsSync(entry)) throw new EvaluationError('config-file-missing', `The module ${file} does not exist.`);
  // Paths in the bundle and in the report are relative to this folder, so that where the module lies does not count.
  const folder = dirname(entry);
  const result = await runBuild(file, folder);
  const [output] = Object.values(result.metafile.outputs);
  const [bundle] = result.outputFiles;
  if (output === undefined || bundle === undefined)
    throw new EvaluationError('internal', `The bundle of ${file} is empty.`);
  return {
    source: bundle.text,
    version: await makeModuleVersion(Object.keys(result.metafile.inputs), folder, basename(entry)),
    exports: output.exports,
  };
}

type Built = BuildResult<{ metafile: true; write: false }>;

async function runBuild(file: string, folder: string): Promise<Built> {
  try {
    return await build({
      entryPoints: [`./${basename(file)}`],
      absWorkingDir: folder,
      outfile: 'bundle.mjs',
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'silent',
      banner: { js: banner },
      // A tsconfig.json further up would change what runs without being part of the version.
      tsconfigRaw: '{}',
    });
  } catch (error) {
    throw toModuleInvalid(file, folder, error);
  }
}

function toModuleInvalid(file: string, folder: string, error: unknown): EvaluationError {
  const [first, ...others] = (error as Partial<BuildFailure>).errors ?? [];
  if (first === undefined)
    return new EvaluationError('module-invalid', `The module ${file} cannot be bundled.`, { cause: error });
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  if (first.location === null) return new EvaluationError('module-invalid', `The module ${file}: ${first.text}${more}`);
  const { line, column } = first.location;
  const place = join(dirname(file), first.location.file);
  return new EvaluationError('module-invalid', `${place}:${line}:${column + 1}: ${first.text}${more}`, {
    location: { file: join(folder, first.location.file), line, column: column + 1 },
  });
}

/** The sources with their paths relative to the module, without the module's own name; packages by name and version. */
async function makeModuleVersion(inputs: readonly string[], folder: string, entryName: string): Promise<Digest> {
  const sources: [path: string, digest: Digest][] = [];
  const packages = new Set<string>();
  for (const input of inputs) {
    const path = join(folder, input);
    if (/(^|[\\/])node_modules[\\/]/.test(input)) packages.add(await identifyPackage(path));
    else if (!input.startsWith('(disabled):')) {
      sources.push([input === entryName ? '.' : input.replaceAll('\\', '/'), digestBytes(await readFile(path))]);
    }
  }
  sources.sort(([a], [b]) => (a < b ? -1 : 1));
  return digestJson('stet-module-version-1', { sources, packages: [...packages].toSorted() });
}

async function identifyPackage(path: string): Promise<string> {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const manifest = await readManifest(join(directory, 'package.json'));
    // Packages carry nameless manifests inside, which only say what kind of modules a folder holds.
    if (manifest?.name !== undefined) return `${manifest.name}@${manifest.version ?? ''}`;
  }
  throw new EvaluationError('module-invalid', `The package that holds ${path} has no package.json with a name.`);
}

async function readManifest(path: string): Promise<{ readonly name?: string; readonly version?: string } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}
