import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompletingShell, hasShell, openCompletingShell } from '../support/completing-shell.ts';

// Shells that scripts/ci-services.sh installs; elsewhere they are left out where they are not there.

const isCi = process.env['CI'] === 'true';
const isThere = { zsh: isCi || (await hasShell('zsh')), fish: isCi || (await hasShell('fish')) };

let shell: CompletingShell;

beforeAll(async () => {
  shell = await openCompletingShell();
});
afterAll(() => shell?.[Symbol.asyncDispose]());

describe.skipIf(!isThere.fish)('in fish', () => {
  it.each([
    ['stet sho', ['show']],
    ['stet run --cache-policy=up', ['--cache-policy=update']],
    ['stet run --cache-policy ', ['reuse', 'update', 'no-cache']],
    ['stet run -f r', ['run.yaml']],
    ['stet run --junit=ru', ['--junit=run.yaml']],
    ['stet show ', ['latest', 'aaaabbbb00000000', 'first one']],
    ['stet show latest ', ['answers']],
    ['stet nonsense ', []],
  ])('"%s" is completed by %j', async (line, offered) => {
    expect(await shell.complete('fish', line)).toEqual(offered);
  });
});

describe.skipIf(!isThere.zsh)('in zsh', () => {
  it.each([
    ['stet sho', 'stet show'],
    ['stet run --cache-policy=up', 'stet run --cache-policy=update'],
    ['stet run -f r', 'stet run -f run.yaml'],
    ['stet show aa', 'stet show aaaabbbb00000000'],
    ['stet show fir', String.raw`stet show first\ one`],
    ['stet show latest a', 'stet show latest answers'],
  ])('"%s" becomes "%s"', async (line, completed) => {
    expect(await shell.complete('zsh', line)).toEqual([completed]);
  });
});
