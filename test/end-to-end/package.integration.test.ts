import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listBlocks } from '../docs/read-pages.ts';
import { runTool, type ToolResult } from '../support/run-tool.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What is published, as somebody gets it: packed, installed into an empty project, used from there.

const repository = fileURLToPath(new URL('../../', import.meta.url));
const timeoutMs = 240_000;

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  // Without scripts: `npm test` has built what is packed, and other tests are using it at this moment.
  const packed = await runTool('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.path], {
    cwd: repository,
  });
  const [{ filename }] = JSON.parse(expectSuccess(packed).stdout) as [{ readonly filename: string }];
  await folder.write('package.json', { name: 'empty', private: true, type: 'module' });
  expectSuccess(
    await runTool('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`], {
      cwd: folder.path,
    }),
  );
}, timeoutMs);

afterAll(() => folder?.[Symbol.asyncDispose]());

function expectSuccess(result: ToolResult): ToolResult {
  expect(result.code, result.stderr + result.stdout).toBe(0);
  return result;
}

describe('the package', () => {
  it('holds what runs and what is to be read, and nothing of the workshop', async () => {
    const files = await listFiles();
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'dist/cli/main.js',
        'dist/embedded/index.js',
        'dist/embedded/index.d.ts',
        'dist/workflow-bundle.js',
        'docs/errors.md',
        'examples/quickstart/run.yaml',
      ]),
    );
    const ofWorkshop = /(^|\/)(\.|test\/|bench\/)|\.test\.|\.map$|(^|\/)tsconfig|^(?!examples\/).*(?<!\.d)\.ts$/;
    expect(files.filter((file) => ofWorkshop.test(file))).toEqual([]);
  });

  it('names no path of the machine that built it, source maps included', async () => {
    const naming: string[] = [];
    for (const file of await listFiles()) {
      const text = await readFile(path.join(folder.path, 'node_modules', 'stet', file), 'utf8');
      const maps = [...text.matchAll(/sourceMappingURL=data:[^,]*base64,([\w+/=]+)/g)].map(([, map]) =>
        Buffer.from(map ?? '', 'base64').toString('utf8'),
      );
      if ([text, ...maps].some((part) => part.includes(repository))) naming.push(file);
    }
    expect(naming).toEqual([]);
  });

  it('gives the command', async () => {
    const { version } = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    const { stdout } = expectSuccess(await runTool('npx', ['stet', '--version'], { cwd: folder.path }));
    expect(stdout.trim()).toBe(version);
  });

  it('runs the example that it brings along', async () => {
    const example = 'node_modules/stet/examples/quickstart/run.yaml';
    const { stdout } = expectSuccess(
      await runTool('npx', ['stet', 'run', '-f', example, '--num-samples', '5', '--json'], { cwd: folder.path }),
    );
    expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', tasks: [{ samples: { total: 5, errors: 0 } }] });
  });
});

describe('the library', () => {
  it('runs an evaluation from a plain script, and tells what it found', async () => {
    await folder.write('evaluate.js', script);
    const { stdout } = expectSuccess(await runTool(process.execPath, ['evaluate.js'], { cwd: folder.path }));
    const { first, second, samples, runs } = JSON.parse(stdout) as {
      readonly first: unknown;
      readonly second: unknown;
      readonly samples: readonly unknown[];
      readonly runs: number;
    };
    expect(first).toMatchObject({
      status: 'completed',
      model_queries: { sent: 2, retried: 0, saved: 0 },
      tasks: [{ reuse: 'none', metrics: { accuracy: 0.5 } }],
    });
    expect(second).toMatchObject({ model_queries: { sent: 0, retried: 0, saved: 2 }, tasks: [{ reuse: 'full' }] });
    expect(samples).toMatchObject([
      { sample_id: '0', scored: expect.anything() },
      { sample_id: '1', scored: expect.anything() },
    ]);
    expect(runs).toBe(2);
  });

  it('does what the README shows', async () => {
    const [example = ''] = listBlocks(await readFile(path.join(repository, 'README.md'), 'utf8'), 'ts');
    const small = example.replace('examples/quickstart/run.yaml', 'small.json');
    expect(small).not.toBe(example);
    await folder.write('small.json', run);
    await folder.write('readme.js', small);
    const { stdout } = expectSuccess(await runTool(process.execPath, ['readme.js'], { cwd: folder.path }));
    expect(stdout).toContain('accuracy: 0.5');
    expect(stdout).toContain('sent: 2');
  });

  it('has types that resolve, and that refuse what a run file cannot be', async () => {
    const [example = ''] = listBlocks(await readFile(path.join(repository, 'README.md'), 'utf8'), 'ts');
    await folder.write('readme.ts', example);
    await folder.write('check.ts', typedScript);
    await folder.write('tsconfig.json', {
      compilerOptions: { module: 'NodeNext', target: 'ES2023', strict: true, noEmit: true, types: ['node'] },
      files: ['check.ts', 'readme.ts'],
    });
    const compiler = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
    expectSuccess(await runTool(process.execPath, [compiler, '-p', '.'], { cwd: folder.path }));
  });
});

async function listFiles(): Promise<string[]> {
  const root = path.join(folder.path, 'node_modules', 'stet');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules/'));
}

const run = {
  models: [{ key: 'silent', config: { connection_type: 'placeholder' } }],
  datasets: [
    {
      key: 'rows',
      source: {
        type: 'inline',
        samples: [
          { q: 'a', a: '' },
          { q: 'b', a: 'b' },
        ],
      },
    },
  ],
  tasks: [
    {
      key: 'qa',
      definition: {
        dataset: { key: 'rows' },
        solver: {
          type: 'single_turn_solver',
          input_builder: { type: 'chat_completion', input_messages: [{ role: 'user', content: '{{ sample.q }}' }] },
        },
        scorers: [{ type: 'string_equals', ground_truth: '{{ sample.a }}' }],
      },
    },
  ],
  evaluation: { key: 'check', task_specifications: [{ key: 'first', task_key: 'qa', model_key: 'silent' }] },
};

const script = `import { defineRun, openStet } from 'stet';

const run = defineRun(${JSON.stringify(run)});
const stet = await openStet({ store: 'of-script/.stet' });
const first = await (await stet.run(run)).result();
const handle = await stet.run(run);
for await (const event of handle.events()) if (event.type === 'notice') console.error(event.message);
const second = await handle.result();
const samples = [];
for await (const sample of stet.samples(first.run, { task: 'first' })) samples.push(sample);
const runs = (await stet.list()).length;
await stet.close();
console.log(JSON.stringify({ first, second, samples, runs }));
`;

const typedScript = `import { defineRun, EvaluationError, openStet, type RunDocument } from 'stet';

const run = defineRun(${JSON.stringify(run)});
// @ts-expect-error: no such policy
defineRun({ run_config: { cache_policy: 'never' } });
// @ts-expect-error: no such section
defineRun({ modls: [] });

const stet = await openStet({ store: '.stet' });
try {
  const handle = await stet.run(run, { numSamples: 1, cachePolicy: 'update' });
  const document: RunDocument = await handle.result();
  const sent: number = document.model_queries.sent;
  const accuracy: number | null | undefined = document.tasks[0]?.metrics?.['accuracy'];
  // @ts-expect-error: no such field
  console.log(sent, accuracy, document.nothing);
} catch (error) {
  if (error instanceof EvaluationError && error.code === 'frozen') console.error(error.hint);
} finally {
  await stet.close();
}
`;
