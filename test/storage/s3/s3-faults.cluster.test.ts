import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findFreePort } from '../../../bench/servers/free-port.ts';
import type { Contents } from '../../../storage/contents.ts';
import { openS3Blobs } from '../../../storage/s3/open-s3-blobs.ts';
import { parseBlobsLocation, type S3Location } from '../../../storage/s3/parse-blobs-location.ts';
import { createBucket, describeOnS3, getS3 } from '../../support/services/shared-services.ts';
import { startTcpProxy, type TcpProxy } from '../../support/services/tcp-proxy.ts';
import { digestOf } from '../conformance/samples.ts';

const anyDigest = digestOf('never put');

let proxy: TcpProxy;
let location: S3Location;
const opened: Contents[] = [];
beforeEach(async () => {
  proxy = await startTcpProxy(Number(new URL(getS3().endpoint).port));
  location = { ...parseBlobsLocation(await createBucket()), endpoint: `http://127.0.0.1:${proxy.port}` };
});
afterEach(async () => {
  for (const contents of opened.splice(0)) contents.close();
  await proxy[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

function open(changes: Partial<S3Location> = {}): Contents {
  const contents = openS3Blobs({ ...location, ...changes });
  opened.push(contents);
  return contents;
}

function answer(status: string, code: string, connections: number): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>its own words: ${getS3().accessKeyId}</Message></Error>`;
  const headers = `Content-Type: application/xml\r\nContent-Length: ${body.length}\r\nConnection: close`;
  proxy.answer({ connections, text: `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}` });
}

describeOnS3('blobs in an S3 that has its troubles', () => {
  describe('that pass', () => {
    test('arrive when the line is cut in the middle of them', async () => {
      const { content } = open();
      await content.findSize(anyDigest);
      const bytes = randomBytes(3_000_000);
      proxy.cut({ connections: 2, after: 1_000_000, direction: 'up' });
      const { digest } = await content.put(bytes);
      expect(Buffer.from(await content.get(digest)).equals(bytes)).toBe(true);
    });

    test('arrive when a part of them is cut', async () => {
      const { content } = open();
      const bytes = randomBytes(20 * 1024 * 1024);
      proxy.cut({ connections: 1, after: 6_000_000, direction: 'up' });
      const { digest } = await content.put(bytes);
      expect(Buffer.from(await content.get(digest)).equals(bytes)).toBe(true);
    });

    test('are read again when the line is cut in the middle of them', async () => {
      const { content } = open();
      const bytes = randomBytes(3_000_000);
      const { digest } = await content.put(bytes);
      proxy.cut({ connections: 2, after: 1_000_000, direction: 'down' });
      expect(Buffer.from(await content.get(digest)).equals(bytes)).toBe(true);
    });

    test('arrive when the service was overloaded', async () => {
      const { content } = open();
      answer('503 Slow Down', 'SlowDown', 3);
      const { digest } = await content.put(Buffer.from('patience'));
      expect(Buffer.from(await content.get(digest)).toString()).toBe('patience');
      expect(proxy.accepted).toBeGreaterThan(3);
    });
  });

  test('are listed by a service that cannot list uploads', async () => {
    const asked: boolean[] = [];
    const service = createServer((request, response) => {
      const isUploads = new URL(request.url ?? '', 'http://service').searchParams.has('uploads');
      asked.push(isUploads);
      response.writeHead(isUploads ? 501 : 200, { 'content-type': 'application/xml' });
      response.end(isUploads ? '<Error><Code>NotImplemented</Code></Error>' : '<ListBucketResult></ListBucketResult>');
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    onTestFinished(() => void service.close());
    const { blobs } = open({ endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}` });
    for await (const page of blobs.list()) expect(page).toEqual({ blobs: [], leftovers: [] });
    expect(asked).toContain(true);
  });

  describe('that stay', () => {
    const failsWith = async (work: Promise<unknown>, message: RegExp, hint: string) => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason as Error & { readonly hint?: string },
      );
      expect(error).toMatchObject({ code: 'store-failed', message: expect.stringMatching(message) as string });
      expect(error?.hint).toContain(hint);
      const shown = `${error?.message} ${error?.hint} ${error?.stack} ${JSON.stringify(error?.cause)}`;
      for (const secret of [getS3().secretAccessKey, getS3().accessKeyId]) expect(shown).not.toContain(secret);
    };

    test('say that the keys are wrong', async () => {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'guessed');
      await failsWith(open().content.put(Buffer.from('x')), /keys/, 'AWS_ACCESS_KEY_ID');
      await failsWith(open().content.get(anyDigest), /keys/, 'AWS_ACCESS_KEY_ID');
    });

    test('say that there are no keys', async () => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
      vi.stubEnv('HOME', '/nonexistent');
      await failsWith(open().content.put(Buffer.from('x')), /no AWS credentials/, 'AWS_PROFILE');
    });

    test('say that the bucket is missing, and do not call what was in it lost', async () => {
      const { content } = open({ bucket: 'no-such-bucket-here' });
      const missing = /in s3:\/\/no-such-bucket-here: there is no such bucket/;
      await failsWith(content.findSize(anyDigest), missing, 'STET_BLOBS');
      await failsWith(content.get(anyDigest), missing, 'STET_BLOBS');
      await failsWith(content.put(Buffer.from('x')), missing, 'STET_BLOBS');
    });

    test('say that nobody answers, and where', async () => {
      const port = await findFreePort();
      const { content } = open({ endpoint: `http://127.0.0.1:${port}` });
      await failsWith(content.findSize(anyDigest), new RegExp(`127\\.0\\.0\\.1:${port} \\(ECONNREFUSED`), 'endpoint');
    });

    test('say that the clock is wrong, without repeating what the service says', async () => {
      const { content } = open();
      answer('403 Forbidden', 'RequestTimeTooSkewed', 20);
      await failsWith(content.findSize(anyDigest), /the clock of this machine is wrong/, 'NTP');
    });
  });
});
