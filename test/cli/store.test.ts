import { expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { FakeContext } from './fake-stet.ts';

it('says what a rekeying sealed, and which keys can go', async () => {
  const context = new FakeContext('store rekey --store /data/.stet');
  expect(await runProgram(context, '1.2.3')).toBe(0);
  expect(context.rekeyedWith).toMatchObject({ store: '/data/.stet' });
  expect(context.output).toBe(
    'Rekeyed: 12 texts and 3 blobs (4.1 kB) are sealed with key "k2" now.\nNot needed any more: "k1".\n',
  );
});

it('prints one document with --json', async () => {
  const context = new FakeContext('store rekey --json');
  expect(await runProgram(context, '1.2.3')).toBe(0);
  expect(JSON.parse(context.output)).toEqual({
    was: 'encrypted',
    key: 'k2',
    retired_keys: ['k1'],
    sealed: { texts: 12, blobs: 3, blob_bytes: 4_096 },
    unreadable: 0,
    removed_leftovers: 0,
  });
});
