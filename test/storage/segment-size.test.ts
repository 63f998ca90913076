import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../storage/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
});

afterEach(() => folder[Symbol.asyncDispose]());

test('a store keeps the segment size that it was made with, whatever is asked for later', async () => {
  const first = await openStore(`${folder.path}/.stet`, { segmentSize: 7 });
  expect(await first.runs.getSegmentSize()).toBe(7);
  await first.close();
  const again = await openStore(`${folder.path}/.stet`, { segmentSize: 200 });
  expect(await again.runs.getSegmentSize()).toBe(7);
  await again.close();
});
