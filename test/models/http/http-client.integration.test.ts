import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../evaluation/spec/models.ts';
import { startOpenAiTestServer } from '../../support/openai-test-server.ts';
import { ask, failureOf, planModel, startModels, textOf } from '../plan-model.ts';

type TlsContext = NonNullable<Extract<Connection, { connection_type: 'openai_compatible' }>['tls_context']>;

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('a service with a certificate of its own', () => {
  let folder: string;
  let certificate: Buffer;
  let baseUrl: string;
  let close: () => void;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stet-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    );
    certificate = readFileSync(cert);
    const completion = { choices: [{ message: { role: 'assistant', content: 'safe' } }] };
    const server = createServer({ key: readFileSync(key), cert: certificate }, (request, response) => {
      request.resume();
      request.on('end', () => response.end(JSON.stringify(completion)));
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    baseUrl = `https://localhost:${(server.address() as AddressInfo).port}/v1`;
    close = () => {
      server.closeAllConnections();
      server.close();
    };
  });
  afterAll(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  const plan = (context?: TlsContext['validation_context']) =>
    planModel({
      config: {
        connection_type: 'openai_compatible',
        base_url: baseUrl,
        model_key: 'm',
        ...(context && { tls_context: { validation_context: context } }),
      },
    });

  it('is refused at once, with a hint', async () => {
    await using models = startModels();
    const error = await failureOf(ask(models, plan(), 'x'));
    expect(error).toMatchObject({ code: 'model-unusable', hint: expect.stringContaining('trusted_ca') });
  });

  it('is trusted by its authority, also where that is a secret', async () => {
    const trusted_ca = certificate.toString('base64');
    await using models = startModels({ environment: { CA: trusted_ca } });
    const verify = { trust_chain_verification: 'verify_trust_chain' } as const;
    expect(textOf(await ask(models, plan({ trusted_ca, ...verify }), 'x'))).toBe('safe');
    expect(textOf(await ask(models, plan({ trusted_ca: { secret: 'CA', variable: 'CA' }, ...verify }), 'x'))).toBe(
      'safe',
    );
  });

  it('is taken as it is where the file says so', async () => {
    await using models = startModels();
    expect(textOf(await ask(models, plan({ trust_chain_verification: 'accept_untrusted' }), 'x'))).toBe('safe');
  });
});

describe('a key that headers cannot have', () => {
  it('makes the model unusable without showing the key', async () => {
    await using server = await startOpenAiTestServer();
    await using models = startModels({ environment: { KEY: 'sk-pasted\nagain' } });
    const model = planModel({
      config: {
        connection_type: 'openai_compatible',
        base_url: server.baseUrl,
        model_key: 'm',
        api_key: { secret: 'KEY', variable: 'KEY' },
      },
    });
    const error = await failureOf(ask(models, model, 'x'));
    expect(error).toMatchObject({ code: 'model-unusable', hint: expect.stringContaining('line ends') });
    expect(error.message).not.toContain('pasted');
    expect(server.count()).toBe(0);
  });
});
