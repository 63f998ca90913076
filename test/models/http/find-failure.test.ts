import { describe, expect, it } from 'vitest';
import { findFailure } from '../../../models/http/find-failure.ts';
import { parseRetryAfterMs } from '../../../models/http/retry-after.ts';

const now = Date.UTC(2030, 0, 1);
const context = {
  address: 'http://service/v1',
  clean: (text: string) => text.slice(0, 300),
  now,
  isJsonProtocol: true,
};
const respond = (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  findFailure({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, context);

describe('meaning of a response', () => {
  it.each([200, 201, 204])('takes %i with JSON for an answer', (status) => {
    expect(respond(status, { choices: [] })).toBeUndefined();
  });

  it.each([
    [400, 'rejected', false],
    [413, 'rejected', false],
    [422, 'rejected', false],
    [401, 'refused', false],
    [402, 'refused', false],
    [403, 'refused', false],
    [404, 'refused', false],
    [308, 'refused', false],
    [408, 'service', true],
    [409, 'service', true],
    [429, 'overload', true],
    [500, 'service', true],
    [502, 'service', true],
    [503, 'overload', true],
    [504, 'service', true],
    [529, 'overload', true],
  ])('reads %i as %s', (status, kind, isRetryable) => {
    expect(respond(status, { error: { message: 'because' } })).toMatchObject({ kind, isRetryable, statusCode: status });
  });

  it.each([
    [
      { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
      'refused',
    ],
    [{ error: { message: 'Insufficient credits' } }, 'refused'],
    [{ message: 'insufficient_quota' }, 'refused'],
    [{ error: { message: 'Rate limit: requests per minute', code: 'rate_limit_exceeded' } }, 'overload'],
    [{ error: { message: 'Quota of requests per minute reached', status: 'RESOURCE_EXHAUSTED' } }, 'overload'],
  ])('tells an exhausted quota from a rate limit in %j', (body, kind) => {
    expect(respond(429, body)).toMatchObject({ kind });
  });

  it('recognises a page by its content type or its first tag', () => {
    expect(respond(200, 'x', { 'content-type': 'text/html; charset=utf-8' })).toMatchObject({
      kind: 'refused',
      isRetryable: true,
    });
    expect(respond(200, '\n<!DOCTYPE html><html>')).toMatchObject({ kind: 'refused', isRetryable: true });
    expect(respond(400, '<html>')).toMatchObject({ kind: 'refused', isRetryable: false });
    expect(respond(502, '<html>')).toMatchObject({ kind: 'service', isRetryable: true });
    expect(
      findFailure({ status: 200, headers: {}, body: '<html>' }, { ...context, isJsonProtocol: false }),
    ).toBeUndefined();
  });

  it.each([
    [{ error: { message: 'too long' } }, 'too long'],
    [{ error: 'too long' }, 'too long'],
    [{ message: 'too long' }, 'too long'],
    [{ detail: 'too long' }, 'too long'],
    [[{ error: { message: 'too long' } }], 'too long'],
  ])('says what the service says in %j', (body, said) => {
    expect(respond(400, body)?.message).toBe(`http://service/v1 answered 400: ${said}`);
  });

  it('does not repeat a body that is no error document', () => {
    expect(respond(400, 'the whole prompt')?.message).toBe('http://service/v1 answered 400');
    expect(respond(200, '<html>private</html>')?.message).not.toContain('private');
  });
});

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after': new Date(now + 9_000).toUTCString() }, 9_000],
    [{ 'retry-after': new Date(now - 9_000).toUTCString() }, 0],
    [{ 'retry-after': new Date(now + 9_000).toUTCString(), date: new Date(now + 5_000).toUTCString() }, 4_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %j', (headers, expected) => {
    expect(parseRetryAfterMs(headers, now)).toBe(expected);
  });
});
