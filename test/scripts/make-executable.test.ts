import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

describe('what a build leaves', () => {
  // npx makes its link once and does not look at the file again, so the build itself has to mark it.
  it.skipIf(process.platform === 'win32')('is a command that can be run', () => {
    const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { bin: Record<string, string> };
    const paths = Object.values(bin);

    expect(paths).not.toHaveLength(0);
    for (const path of paths) expect(statSync(fileURLToPath(new URL(path, root))).mode & 0o111, path).toBe(0o111);
  });
});
