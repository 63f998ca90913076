import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hidePassword } from '../../client/hide-password.ts';
import { findStoreSettings } from '../../embedded/find-store-settings.ts';
import { describeStoreLocation } from '../../storage/store-location.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

function find(environment: Readonly<Record<string, string>>, store?: string, workingDirectory = '/project') {
  return findStoreSettings({ store, environment, workingDirectory });
}

describe('the store that settings name', () => {
  it('is --store, else STET_STORE, else the nearest .stet upwards, else ./.stet', async () => {
    expect(find({ STET_STORE: '/b' }, 'a').location).toEqual({ kind: 'directory', directory: '/project/a' });
    expect(find({ STET_STORE: '/b' }).location).toEqual({ kind: 'directory', directory: '/b' });
    await using folder = await makeTemporaryFolder();
    const below = path.join(folder.path, 'one', 'two');
    mkdirSync(below, { recursive: true });
    expect(find({}, undefined, below).location).toEqual({ kind: 'directory', directory: path.join(below, '.stet') });
    mkdirSync(path.join(folder.path, '.stet'));
    expect(find({ STET_STORE: '' }, undefined, below).location).toEqual({
      kind: 'directory',
      directory: path.join(folder.path, '.stet'),
    });
  });

  it.each(['postgres', 'postgresql'])('may be in a database, %s://, and is shown without credentials', (scheme) => {
    const { location } = find({ STET_STORE: `${scheme}://me:secret@db.example.com:5433/stet?sslmode=require` });
    expect(location.kind).toBe('postgres');
    expect(describeStoreLocation(location)).toBe('postgres://db.example.com:5433/stet');
  });

  it.each([
    ['mysql://me:secret@db/stet', 'mysql://'],
    ['s3://me:secret@bucket', 'only its blobs'],
    ['https://me:secret@example.com', 'https://'],
  ])('cannot be at another address (%s), which is not repeated', (store, text) => {
    expect(() => find({ STET_STORE: store })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(text) as string,
        hint: expect.stringContaining('postgres://') as string,
      }) as Error,
    );
    expect(() => find({ STET_STORE: store })).not.toThrow('secret');
  });

  it('has its blobs where STET_BLOBS says', () => {
    expect(find({}).blobs).toBeUndefined();
    expect(find({ STET_BLOBS: 's3://bucket' }).blobs).toEqual({ bucket: 'bucket', prefix: '' });
    expect(
      find({ STET_BLOBS: 's3://bucket/a/b/?region=x&endpoint=http%3A%2F%2Fh%3A9&force_path_style=true' }).blobs,
    ).toEqual({ bucket: 'bucket', prefix: 'a/b/', region: 'x', endpoint: 'http://h:9', forcePathStyle: true });
  });

  it.each([
    ['gs://bucket', 'does not name a place'],
    ['s3://', 'does not name a place'],
    ['s3://key:secret@bucket', 'holds credentials'],
    ['s3://bucket?secret_key=secret', 'no parameter "secret_key"'],
    ['s3://bucket?endpoint=http%3A%2F%2Fme%3Asecret@h', 'not an http or https address'],
    ['s3://bucket?force_path_style=yes', 'true or false'],
  ])('is refused with blobs at %s', (blobs, text) => {
    expect(() => find({ STET_BLOBS: blobs })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(text) as string }) as Error,
    );
  });

  it('is written, unless STET_STORE_ACCESS is read; then the overlay is', () => {
    expect(find({ STET_STORE: '/b', STET_STORE_ACCESS: 'write' }).overlayDirectory).toBeUndefined();
    expect(find({ STET_STORE: '/b', STET_STORE_ACCESS: 'read' }).overlayDirectory).toBe('/project/.stet');
    expect(find({ STET_STORE: '/b', STET_STORE_ACCESS: 'read', STET_STORE_OVERLAY: 'mine' }).overlayDirectory).toBe(
      '/project/mine',
    );
  });

  it('is refused where it would be read only and written to, and where the access is misspelt', () => {
    expect(() => find({ STET_STORE: '.stet', STET_STORE_ACCESS: 'read' })).toThrow('read only, and to be written');
    expect(() => find({ STET_STORE: '/b', STET_STORE_ACCESS: 'raed' })).toThrow('read or write, not "raed"');
  });
});

it.each([
  ['--store=postgres://me:secret@h/db', '--store=postgres://me@h/db'],
  ['postgresql://me:se%40cret@h/db?sslmode=require', 'postgresql://me@h/db?sslmode=require'],
  ['postgres://h/db?user=me&password=secret&x=1', 'postgres://h/db?user=me&password=&x=1'],
  ['postgres://me@h/db', 'postgres://me@h/db'],
  ['a/file:with@signs', 'a/file:with@signs'],
])('%s is shown and recorded as %s', (text, shown) => {
  expect(hidePassword(text)).toBe(shown);
});
