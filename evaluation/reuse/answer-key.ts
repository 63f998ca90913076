import type { Digest } from '../../contracts/digest.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { digestJson } from '../fingerprint/digest.ts';
import type { Connection } from '../spec/models.ts';

const answerDomain = 'stet-stored-answer-1';
const sampleDomain = 'stet-answered-sample-1';

/** What a single answer depends on: where all of it is equal, the same answer may stand (design 3.1). */
export interface AnsweredQuery {
  readonly modelVersion: Digest;
  /** Digest of the rendered request. */
  readonly requestDigest: string;
  readonly trial: number;
  /** How many queries the solver, or the scorer, had asked in this trial before, from 0. */
  readonly call: number;
  /** Of a model that is given the sample beside the request: the digest of it. */
  readonly sampleDigest: Digest | null;
}

/** In a domain of its own: it is the digest of nothing else. */
export function makeAnswerKey(query: AnsweredQuery): Digest {
  return digestJson(answerDomain, query);
}

export function digestAnsweredSample(sample: { readonly id: string; readonly row: JsonObject }): Digest {
  return digestJson(sampleDomain, { id: sample.id, row: sample.row });
}

/** A function is handed the row, and a recording goes by sample ids: for them an equal request is not an equal question. */
const isGivenSample = {
  custom_connection: false,
  openai_compatible: false,
  placeholder: false,
  provider_connection: false,
  recorded: true,
  typescript: true,
} as const satisfies Readonly<Record<Connection['connection_type'], boolean>>;

/**
 * Whether the answers of a connection may depend on more of the sample than its rendered request.
 *
 * @param connectionType - As it stands in a fingerprint: of one that this release does not know anything may be so.
 */
export function seesSample(connectionType: unknown): boolean {
  return (isGivenSample as Readonly<Record<string, boolean>>)[String(connectionType)] ?? true;
}
