import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompletingShell, openCompletingShell } from '../support/completing-shell.ts';

// The other shells, which not every machine has: completion.cluster.test.ts.

let shell: CompletingShell;

beforeAll(async () => {
  shell = await openCompletingShell();
});
afterAll(() => shell?.[Symbol.asyncDispose]());

describe('in bash', () => {
  it.each([
    ['stet sho', ['show']],
    ['stet cache v', ['verify']],
    ['stet run --cache-policy ', ['reuse', 'update', 'no-cache']],
    ['stet run --cache-policy=up', ['update']],
    ['stet run -f r', ['run.yaml']],
    ['stet show ', ['latest', 'aaaabbbb00000000', String.raw`first\ one`]],
    ['stet show latest ', ['answers']],
    ['stet nonsense ', []],
  ])('"%s" is completed by %j', async (line, offered) => {
    expect(await shell.complete('bash', line)).toEqual(offered);
  });
});
