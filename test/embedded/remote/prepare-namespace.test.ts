import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { ensureNamespace, ensureSearchAttributes } from '../../../embedded/remote/prepare-namespace.ts';

// What a server that permits nothing answers; one that permits everything is in remote-temporal.integration.test.ts.

const place = { address: 'temporal.example:7233', namespace: 'evaluations' };
const refusal = (code: number, details: string) => Object.assign(new Error(details), { code, details, metadata: {} });
const refuse = (code: number, details: string) => () => Promise.reject(refusal(code, details));

const makeConnection = (services: object) => services as unknown as Connection;

describe('a namespace', () => {
  it('that is missing and may not be made is named with the command that makes it', async () => {
    const connection = makeConnection({
      workflowService: {
        describeNamespace: refuse(5, 'Namespace evaluations is not found.'),
        registerNamespace: refuse(7, 'Request unauthorized.'),
      },
    });
    await expect(ensureNamespace(connection, place)).rejects.toMatchObject({
      code: 'temporal-failed',
      message:
        'Temporal at temporal.example:7233 has no namespace evaluations, and it could not be made: Request unauthorized.',
      hint: 'Have this run once: temporal operator namespace create --address temporal.example:7233 --namespace evaluations --retention 30d',
    });
  });

  it('that may not be looked at is no reason to make one', async () => {
    const connection = makeConnection({
      workflowService: { describeNamespace: refuse(7, 'Request unauthorized.') },
    });
    await expect(ensureNamespace(connection, place)).rejects.toMatchObject({
      message: 'Temporal at temporal.example:7233 refuses the namespace evaluations: Request unauthorized.',
    });
  });
});

describe('search attributes', () => {
  const wanted = { StetStatus: 'KEYWORD', StetSamples: 'INT' } as const;
  const list = (customAttributes: Record<string, number>) => async () => ({ customAttributes });

  it('that are missing and may not be registered are named with the command that does', async () => {
    const connection = makeConnection({
      operatorService: {
        listSearchAttributes: list({ StetStatus: 2 }),
        addSearchAttributes: refuse(7, 'Request unauthorized.'),
      },
    });
    await expect(ensureSearchAttributes(connection, place, wanted)).rejects.toMatchObject({
      code: 'temporal-failed',
      hint: 'Have this run once: temporal operator search-attribute create --address temporal.example:7233 --namespace evaluations --name StetSamples --type Int',
    });
  });

  it('are registered where they are missing, and only those', async () => {
    const added: unknown[] = [];
    const connection = makeConnection({
      operatorService: {
        listSearchAttributes: list({ StetStatus: 2, Other: 1 }),
        addSearchAttributes: async (request: unknown) => void added.push(request),
      },
    });
    await ensureSearchAttributes(connection, place, wanted);
    expect(added).toEqual([{ namespace: 'evaluations', searchAttributes: { StetSamples: 3 } }]);
  });

  it('of another type stop the command', async () => {
    const connection = makeConnection({ operatorService: { listSearchAttributes: list({ StetStatus: 1 }) } });
    await expect(ensureSearchAttributes(connection, place, wanted)).rejects.toMatchObject({
      message: 'The search attribute StetStatus of the namespace evaluations has another type than Keyword.',
    });
  });

  it('that may not even be listed are left to the first start', async () => {
    const connection = makeConnection({ operatorService: { listSearchAttributes: refuse(12, 'unknown service') } });
    await expect(ensureSearchAttributes(connection, place, wanted)).resolves.toBeUndefined();
  });
});
