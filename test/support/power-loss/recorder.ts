import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Acknowledgement } from './acknowledgement.ts';
import { isLeftOut, replay } from './crashes.ts';
import { everythingKept } from './disk.ts';
import {
  acknowledgementFile,
  type OperationKind,
  operationKinds,
  type Recording,
  readRecording,
} from './operation-log.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const thisFolder = fileURLToPath(new URL('./', import.meta.url));

export interface Recorder {
  /**
   * Runs a script of this folder to its end and reads what it did below `folder`, where it may write as it likes; its
   * arguments are the path of a store below that and that of its acknowledgements. Called again for the same folder, the
   * next process goes on where the last one ended, and the recording holds what both did.
   */
  record(script: string, options: RecordOptions): Promise<Recording<Acknowledgement>>;
}

export interface RecordOptions {
  readonly folder: string;
  readonly arguments?: readonly string[];
  /** Kills the process, as `kill -9` does, right after its N-th operation of a kind. */
  readonly killAfter?: { readonly kind: OperationKind; readonly count: number };
}

/** Name of the store within a recorded folder. */
export const storeName = '.stet';

/**
 * Compiles what records the calls of a process. Undefined, with a warning that cannot be overlooked, where that is
 * impossible: it takes Linux and a C compiler.
 *
 * @param workingFolder - Where programs may be run from: memory shown as a folder often may not.
 */
export async function createRecorder(workingFolder: string): Promise<Recorder | undefined> {
  const library = join(workingFolder, 'record-writes.so');
  const problem = (await compile(library)) ?? (await load(library));
  if (problem !== undefined) {
    process.stderr.write(
      `\n*** POWER LOSS IS NOT TESTED HERE: calls of processes cannot be recorded (${problem}). ***\n\n`,
    );
    return undefined;
  }
  const programs = new Map<string, Promise<string>>();
  const prepare = async (script: string): Promise<string> => {
    const program = join(workingFolder, `${script}.mjs`);
    await bundle(join(thisFolder, `${script}.ts`), program);
    return program;
  };
  return {
    async record(script, options) {
      const folder = await realpath(options.folder);
      const log = `${folder}.log`;
      const program = programs.get(script) ?? prepare(script);
      programs.set(script, program);
      const child = spawn(
        process.execPath,
        [await program, join(folder, storeName), join(folder, acknowledgementFile), ...(options.arguments ?? [])],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
          env: {
            ...process.env,
            LD_PRELOAD: library,
            UV_USE_IO_URING: '0', // would write past the C library
            STET_RECORD_ROOT: folder,
            STET_RECORD_LOG: log,
            ...(options.killAfter === undefined ? {} : { STET_RECORD_KILL: nameKill(options.killAfter) }),
          },
        },
      );
      let errors = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      const isAsExpected = options.killAfter === undefined ? code === 0 : signal === 'SIGKILL';
      if (!isAsExpected) throw new Error(`The recorded ${script} ended with ${code ?? signal}:\n${errors}`);
      return readRecording(log);
    },
  };
}

/** Files below a recorded folder that differ from what the recording comes to: none, or something is not recorded. */
export async function listDifferences(
  folder: string,
  recording: Recording<Acknowledgement>,
): Promise<readonly string[]> {
  const { files } = replay(recording).cutPower(everythingKept);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const names = new Set([...files.keys(), ...found]);
  const differences: string[] = [];
  for (const name of names) {
    if (name === acknowledgementFile || isLeftOut(name)) continue;
    const recorded = files.get(name);
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (recorded === undefined || bytes === undefined || !recorded.equals(bytes)) differences.push(name);
  }
  return differences;
}

function compile(library: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(`the system is ${process.platform}`);
  const source = join(thisFolder, 'record-writes.c');
  return new Promise((resolve) => {
    execFile(
      'cc',
      ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread'],
      (error, _stdout, stderr) => {
        resolve(error === null ? undefined : stderr.trim() || error.message);
      },
    );
  });
}

/** The loader goes on without a library that it cannot load, and says so. */
function load(library: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('true', { env: { ...process.env, LD_PRELOAD: library } }, (error, _stdout, stderr) => {
      resolve(stderr.trim() || error?.message);
    });
  });
}

/** Takes the types out; whatever lies outside of the tests is the built code, as a user runs it. */
async function bundle(source: string, target: string): Promise<void> {
  const { resolve } = createRequire(import.meta.url);
  await build({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        name: 'built-code-stays-outside',
        setup(bundler) {
          bundler.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
            const place = relative(repository, join(resolveDir, path));
            if (place.startsWith(`test${sep}`)) return undefined;
            const built = join(repository, 'dist', place.replace(/\.ts$/, '.js'));
            return { path: pathToFileURL(built).href, external: true };
          });
          bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('node:')
              ? undefined
              : { path: pathToFileURL(resolve(path)).href, external: true },
          );
        },
      },
    ],
  });
}

function nameKill({ kind, count }: { readonly kind: OperationKind; readonly count: number }): string {
  return `${operationKinds.indexOf(kind)}:${count}`;
}
