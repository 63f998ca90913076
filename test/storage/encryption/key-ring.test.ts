import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { EvaluationError } from '../../../contracts/evaluation-error.ts';
import { parseKeyRing } from '../../../storage/encryption/key-ring.ts';
import { readKeyRing } from '../../../storage/encryption/read-key-ring.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeKeyText } from './make-keys.ts';

it('reads keys in their order, divided by commas, spaces or lines, with remarks', () => {
  const [a, b, c] = [makeKeyText('a'), makeKeyText('b-2'), makeKeyText('c')];
  expect(parseKeyRing(`# rotated in May\n${a},${b}  # the one before\n\n${c}\n`, 'x').keys.map(({ id }) => id)).toEqual(
    ['a', 'b-2', 'c'],
  );
});

const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=';

it.each([
  ['nothing', ''],
  ['no id', secret],
  ['an id with other letters', `Key:${secret}`],
  ['an id that is too long', `${'k'.repeat(17)}:${secret}`],
  ['a key that is too short', 'k:c2VjcmV0'],
  ['a key that is no base64', `k:${secret.replace('=', '!')}`],
  ['an id that is there twice', `k:${secret},k:${secret}`],
])('refuses %s, and quotes nothing of a key', (_what, text) => {
  const error = catchError(() => parseKeyRing(text, 'STET_ENCRYPTION_KEYS'));
  expect(error).toMatchObject({ code: 'encryption-keys-invalid' });
  expect(`${error.message} ${error.hint}`).not.toContain('c2VjcmV0');
});

it('shows nothing of a key to whoever prints the ring', () => {
  const ring = parseKeyRing(`k:${secret}`, 'x');
  expect(`${inspect(ring, { depth: 9 })} ${JSON.stringify(ring)}`).not.toContain('c2VjcmV0');
  expect(inspect(ring, { depth: 9 })).not.toContain(Buffer.from(secret, 'base64').toString('hex').slice(0, 8));
});

it('reads keys from the environment or from a file, and warns of a file that others can read', async () => {
  await using folder = await makeTemporaryFolder();
  const file = path.join(folder.path, 'keys');
  await writeFile(file, `${makeKeyText('k1')}\n`, { mode: 0o600 });
  const warnings: string[] = [];
  const read = (environment: Record<string, string>) => readKeyRing(environment, (text) => warnings.push(text));

  expect(await read({})).toBeUndefined();
  expect((await read({ STET_ENCRYPTION_KEYS: makeKeyText('k0') }))?.keys[0].id).toBe('k0');
  expect((await read({ STET_ENCRYPTION_KEY_FILE: file }))?.keys[0].id).toBe('k1');
  expect(warnings).toEqual([]);
  await chmod(file, 0o640);
  await read({ STET_ENCRYPTION_KEY_FILE: file });
  expect(warnings).toEqual([`The key file ${file} has mode 0640: others may read it. Set 0600.`]);
});

it('says which key file cannot be read, and refuses two sources of keys', async () => {
  const read = (environment: Record<string, string>) => readKeyRing(environment, () => {});
  await expect(read({ STET_ENCRYPTION_KEY_FILE: '/nowhere/keys' })).rejects.toMatchObject({
    code: 'encryption-keys-invalid',
    message: 'The key file /nowhere/keys cannot be read: ENOENT.',
  });
  await expect(
    read({ STET_ENCRYPTION_KEY_FILE: '/nowhere/keys', STET_ENCRYPTION_KEYS: makeKeyText('k') }),
  ).rejects.toMatchObject({ code: 'encryption-keys-invalid' });
});

function catchError(work: () => unknown): EvaluationError {
  try {
    work();
  } catch (error) {
    if (error instanceof EvaluationError) return error;
  }
  throw new Error('nothing was thrown');
}
