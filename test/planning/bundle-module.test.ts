import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModuleHost } from '../../modules/create-module-host.ts';
import { bundleModule } from '../../planning/bundle-module.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stet-bundle-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>, folder = root): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const assistant = {
  'assistant.ts': `import { greet } from './words/greet.ts'; import { version } from 'helper';
    interface Ask { readonly messages: readonly { content: string }[] }
    export default async ({ messages }: Ask): Promise<string> => \`\${greet} \${messages[0]!.content} \${version}\`;
    export const other = () => 1;`,
  'words/greet.ts': `export const greet: string = 'Hello';`,
  'node_modules/helper/package.json': '{"name": "helper", "version": "1.2.3", "main": "index.js"}',
  'node_modules/helper/index.js': `const os = require('os'); exports.version = typeof os.cpus + '1';`,
};

async function versionWith(change: Readonly<Record<string, string>>): Promise<string> {
  write({ ...assistant, ...change });
  return (await bundleModule(join(root, 'assistant.ts'))).version;
}

describe('bundling a module', () => {
  it('makes one file of sources and packages that runs by itself', async () => {
    write(assistant);
    const { source, exports, version } = await bundleModule(join(root, 'assistant.ts'));
    expect([...exports].toSorted()).toEqual(['default', 'other']);
    rmSync(join(root, 'node_modules'), { recursive: true });
    const host = createModuleHost({ threads: 1 });
    try {
      const answer = await host.call(
        { digest: version, source },
        'default',
        { messages: [{ content: 'Ada' }] },
        { timeoutMs: 10_000 },
      );
      expect(answer).toBe('Hello Ada function1');
    } finally {
      await host.close();
    }
  });

  it('lets a module declare the names that CommonJS would have given it', async () => {
    write({
      'a.mjs': `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = 'x';
        export default () => typeof require('node:fs').readFileSync + __dirname;`,
    });
    const { source, version } = await bundleModule(join(root, 'a.mjs'));
    const host = createModuleHost({ threads: 1 });
    try {
      expect(await host.call({ digest: version, source }, 'default', {}, { timeoutMs: 10_000 })).toBe('functionx');
    } finally {
      await host.close();
    }
  });

  it('changes its version with every source and with the version of a package', async () => {
    const versions = [
      await versionWith({}),
      await versionWith({ 'assistant.ts': `${assistant['assistant.ts']} // a comment` }),
      await versionWith({ 'words/greet.ts': `export const greet = 'Hi';` }),
      await versionWith({
        'node_modules/helper/package.json': '{"name": "helper", "version": "1.2.4", "main": "index.js"}',
      }),
    ];
    expect(new Set(versions).size).toBe(4);
    expect(versions[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('keeps its version and its bytes wherever the folder lies, whatever the file is called and what lies beside it', async () => {
    write(assistant, join(root, 'here'));
    const first = await bundleModule(join(root, 'here', 'assistant.ts'));
    const elsewhere = join(root, 'somewhere', 'else');
    cpSync(join(root, 'here'), elsewhere, { recursive: true });
    write({ 'unused.ts': 'export {};', 'tsconfig.json': '{"compilerOptions": {"target": "ES5"}}' }, elsewhere);
    const second = await bundleModule(join(elsewhere, 'assistant.ts'));
    expect(second).toEqual(first);
    cpSync(join(elsewhere, 'assistant.ts'), join(elsewhere, 'renamed.ts'));
    expect((await bundleModule(join(elsewhere, 'renamed.ts'))).version).toBe(first.version);
  });

  it('keeps apart two files that swap what they say', async () => {
    const entry = { 'a.ts': `import { b } from './b.ts'; import { c } from './c.ts'; export default () => b - c;` };
    const versionOf = async (b: string, c: string) => {
      write({
        ...entry,
        'b.ts': `export const x = ${b}; export { x as b, x as c };`,
        'c.ts': `export const x = ${c}; export { x as b, x as c };`,
      });
      return (await bundleModule(join(root, 'a.ts'))).version;
    };
    expect(await versionOf('1', '2')).not.toBe(await versionOf('2', '1'));
  });

  it.each([
    ['a mistake in the syntax', 'export default (\n) => { return 1 +; };', /a\.ts:2:18: /],
    ['an import that does not exist', `import './missing.ts';\nexport default 1;`, /a\.ts:1:8: .*missing\.ts/],
    ['a package that is not installed', `\nimport x from 'not-there'; export default x;`, /a\.ts:2:15: .*not-there/],
  ])('names file, line and column of %s', async (_title, source, message) => {
    write({ 'a.ts': source });
    await expect(bundleModule(join(root, 'a.ts'))).rejects.toMatchObject({
      code: 'module-invalid',
      message: expect.stringMatching(message),
      location: { file: join(root, 'a.ts'), line: expect.any(Number), column: expect.any(Number) },
    });
  });

  it('names a mistake in an imported file by that file', async () => {
    write({ 'a.ts': `import './words/b.ts';`, 'words/b.ts': 'const = 1;' });
    await expect(bundleModule(join(root, 'a.ts'))).rejects.toThrow(`${join(root, 'words', 'b.ts')}:1:7: `);
  });

  it('refuses a file that is missing or no module', async () => {
    await expect(bundleModule(join(root, 'none.ts'))).rejects.toMatchObject({
      code: 'config-file-missing',
      message: expect.stringContaining('none.ts'),
    });
    write({ 'a.py': 'print(1)' });
    await expect(bundleModule(join(root, 'a.py'))).rejects.toMatchObject({
      code: 'module-invalid',
      message: expect.stringContaining('.ts'),
    });
  });
});
