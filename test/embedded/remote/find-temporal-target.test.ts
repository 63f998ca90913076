import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalTarget } from '../../../embedded/remote/find-temporal-target.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let file: string;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  file = path.join(folder.path, 'temporal.toml');
});
afterEach(() => folder[Symbol.asyncDispose]());

const secret = 'key-that-nobody-may-see';

async function writeProfiles(): Promise<void> {
  await writeFile(
    file,
    `[profile.default]
address = "temporal.example:7233"
[profile.cloud]
address = "team.a1b2c.tmprl.cloud:7233"
namespace = "team.a1b2c"
api_key = "${secret}"
[profile.empty]
namespace = "nowhere"
[profile.broken]
address = "temporal.example:7233"
[profile.broken.tls]
client_cert_path = "/nowhere/cert.pem"
client_key_path = "/nowhere/key.pem"
`,
  );
}

/** An environment that nothing of this machine gets into. */
const find = (environment: Record<string, string>, options: Parameters<typeof findTemporalTarget>[0] = {}) =>
  findTemporalTarget(options, { HOME: folder.path, XDG_CONFIG_HOME: path.join(folder.path, 'config'), ...environment });

describe('the configured Temporal', () => {
  it('is none where nothing names an address, also with variables that are set to nothing', async () => {
    expect(await find({})).toBeUndefined();
    expect(await find({ TEMPORAL_ADDRESS: '', TEMPORAL_PROFILE: '', TEMPORAL_CONFIG_FILE: '' })).toBeUndefined();
    expect(await find({ TEMPORAL_NAMESPACE: 'team' })).toBeUndefined();
  });

  it('is what TEMPORAL_ADDRESS says, without TLS', async () => {
    const target = await find({ TEMPORAL_ADDRESS: '127.0.0.1:7233', TEMPORAL_NAMESPACE: 'team' });
    expect(target?.address).toEqual({ address: '127.0.0.1:7233', namespace: 'team' });
    expect(target?.parts).toEqual([
      { name: 'address', value: '127.0.0.1:7233', source: 'TEMPORAL_ADDRESS' },
      { name: 'namespace', value: 'team', source: 'TEMPORAL_NAMESPACE' },
      { name: 'TLS', value: 'off', source: 'default' },
    ]);
  });

  it('is that of a profile, with TLS for its API key, and says of the key only that it is set', async () => {
    await writeProfiles();
    const target = await find({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' });
    expect(target?.address).toEqual({
      address: 'team.a1b2c.tmprl.cloud:7233',
      namespace: 'team.a1b2c',
      apiKey: secret,
      tls: true,
    });
    const where = `profile cloud of ${file}`;
    expect(target?.parts).toEqual([
      { name: 'address', value: 'team.a1b2c.tmprl.cloud:7233', source: where },
      { name: 'namespace', value: 'team.a1b2c', source: where },
      { name: 'API key', value: 'set', source: where },
      { name: 'TLS', value: 'on', source: 'an API key needs it' },
    ]);
    expect(JSON.stringify(target?.parts)).not.toContain(secret);
  });

  it('is found in the file of this user, and variables beat it field by field', async () => {
    await writeProfiles();
    const config = path.join(folder.path, 'config', 'temporalio');
    await mkdir(config, { recursive: true });
    await writeFile(path.join(config, 'temporal.toml'), '[profile.default]\naddress = "mine.example:7233"\n');
    expect((await find({ TEMPORAL_NAMESPACE: 'team' }))?.address).toEqual({
      address: 'mine.example:7233',
      namespace: 'team',
    });
    expect((await find({}, { address: 'given:1', apiKey: secret }))?.parts).toContainEqual({
      name: 'API key',
      value: 'set',
      source: 'given by the caller',
    });
    expect(await find({ TEMPORAL_CONFIG_FILE: '/dev/null' })).toBeUndefined();
  });

  it.each([
    ['a file that does not exist', { TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' }, /does not exist/],
    ['an unknown profile', { TEMPORAL_PROFILE: 'prod' }, /"prod" is not in/],
    [
      'an unknown profile, whatever the address',
      { TEMPORAL_PROFILE: 'prod', TEMPORAL_ADDRESS: 'a:1' },
      /"prod" is not in/,
    ],
    ['a profile without an address', { TEMPORAL_PROFILE: 'empty' }, /"empty" in .* has no address/],
    ['a certificate that is missing', { TEMPORAL_PROFILE: 'broken' }, /cannot be used: ENOENT.*cert\.pem/],
  ])('is refused with %s', async (_, environment, message) => {
    await writeProfiles();
    const refused = find({ TEMPORAL_CONFIG_FILE: file, ...environment });
    await expect(refused).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
  });

  it('is refused where the file is no TOML, without repeating what stands in it', async () => {
    await writeFile(file, `[profile.default]\naddress = "a:1"\napi_key = ${secret}\n`);
    const error = await find({ TEMPORAL_CONFIG_FILE: file }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'usage' });
    expect(String((error as Error).message)).not.toContain(secret);
  });
});
