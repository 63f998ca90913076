import type { Digest } from '../contracts/digest.ts';
import { digestJson } from './fingerprint/digest.ts';
import type { ModelInput } from './model-io.ts';

const requestDomain = 'stet-request';

/** Names what a model was asked, wherever an answer is kept for it. */
export function digestRequest(input: ModelInput): Digest {
  return digestJson(requestDomain, input);
}
