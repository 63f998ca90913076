import type { JsonValue } from '../../contracts/json.ts';
import { isObject } from '../is-object.ts';
import { type FailureKind, SendError } from '../send-error.ts';
import type { HttpResponse } from './http-client.ts';
import { parseRetryAfterMs } from './retry-after.ts';

export interface FailureContext {
  /** Address without query and user-info, or another name of who answered. */
  readonly address: string;
  /** Removes secrets and cuts. */
  readonly clean: (text: string) => string;
  readonly now: number;
  /** Whether a body that looks like a page is one, whatever its content type: the protocol has only JSON. */
  readonly isJsonProtocol: boolean;
}

/**
 * What a response means if it is not an answer; undefined for 2xx with something other than a page (format 15.1, 19.3).
 */
export function findFailure(response: HttpResponse, context: FailureContext): SendError | undefined {
  const { status } = response;
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && !isPage(response, context)) return undefined;
  const details = readDetails(response.body);
  const verdict = judge(response, details, context);
  const said = details.message === undefined ? '' : `: ${context.clean(details.message)}`;
  const message = isSuccess
    ? `${context.address} answered with an HTML page instead of JSON (status ${status}).`
    : `${context.address} answered ${status}${said}`;
  return new SendError(verdict.kind, message, {
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
    statusCode: status,
    isRetryable: verdict.isRetryable,
    retryAfterMs: parseRetryAfterMs(response.headers, context.now),
  });
}

interface Verdict {
  readonly kind: FailureKind;
  readonly isRetryable: boolean;
  readonly hint?: string;
}

function judge(response: HttpResponse, details: ErrorDetails, context: FailureContext): Verdict {
  const { status } = response;
  const pageHint = 'Check that the address is that of the API, not of a web page or a log-in.';
  if (status < 300) return { kind: 'refused', isRetryable: true, hint: pageHint };
  if (status < 400) {
    return {
      kind: 'refused',
      isRetryable: false,
      hint: 'Redirects are not followed: give the address that it leads to.',
    };
  }
  switch (status) {
    case 401:
    case 403:
      return { kind: 'refused', isRetryable: false, hint: 'Check the key and what it is allowed to use.' };
    case 402:
      return { kind: 'refused', isRetryable: false, hint: 'The account has nothing left to spend.' };
    case 404:
      return { kind: 'refused', isRetryable: false, hint: 'Check the address and the name of the model.' };
    case 429:
      return saysQuotaExhausted(details)
        ? { kind: 'refused', isRetryable: true, hint: 'The quota of the account is used up.' }
        : { kind: 'overload', isRetryable: true };
    case 503:
    case 529:
      return { kind: 'overload', isRetryable: true };
    case 408:
    case 409:
      return { kind: 'service', isRetryable: true };
    default:
      if (status >= 500) return { kind: 'service', isRetryable: true };
      if (isPage(response, context)) return { kind: 'refused', isRetryable: false, hint: pageHint };
      return { kind: 'rejected', isRetryable: false };
  }
}

function isPage(response: HttpResponse, context: FailureContext): boolean {
  const type = response.headers['content-type'];
  // Some frameworks call everything HTML that they send; an object of JSON is none.
  if (typeof type === 'string' && /^\s*text\/html\b/i.test(type)) return !/^\s*[{[]/.test(response.body);
  return context.isJsonProtocol && /^\s*<(!doctype\s+html|html|head|body)\b/i.test(response.body.slice(0, 1_000));
}

interface ErrorDetails {
  readonly message?: string;
  readonly words: readonly string[];
}

/** What the service says about its error, in the spellings that are common. */
function readDetails(body: string): ErrorDetails {
  let value: JsonValue;
  try {
    value = JSON.parse(body) as JsonValue;
  } catch {
    return { words: [] };
  }
  const outer = (Array.isArray(value) ? value[0] : value) as JsonValue | undefined;
  if (!isObject(outer)) return { words: [] };
  const inner = isObject(outer['error']) ? outer['error'] : outer;
  const message = [inner['message'], outer['error'], outer['message'], outer['detail']].find(
    (text) => typeof text === 'string',
  );
  const words = [inner['code'], inner['type'], inner['status']].filter((word) => typeof word === 'string');
  return typeof message === 'string' && message !== '' ? { message, words } : { words };
}

const quotaWords = new Set([
  'insufficient_quota',
  'insufficient_credits',
  'insufficient_balance',
  'billing_hard_limit_reached',
  'billing_not_active',
  'quota_exhausted',
  'credits_exhausted',
]);
// A quota per minute passes by itself and is not meant: that a "current quota" was exceeded says nothing.
const quotaSentence =
  /insufficient[ _](quota|credits?|funds|balance)|(quota|credits?)( \w+)? exhausted|out of credits/i;

function saysQuotaExhausted(details: ErrorDetails): boolean {
  return details.words.some((word) => quotaWords.has(word)) || quotaSentence.test(details.message ?? '');
}
