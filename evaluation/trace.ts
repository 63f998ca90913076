import type { JsonObject, JsonValue } from '../contracts/json.ts';
import type { AnswerEvidence, AnswerOrigin, ModelOutput } from './model-io.ts';

/** One item of a conversation (format 21.3): a message, a function call, its output, reasoning. Extras are kept. */
export interface TraceItem extends JsonObject {
  readonly type: string;
}

/** The conversation as it is recorded, always in `open_responses` form. */
export interface Trace extends JsonObject {
  readonly FORMAT: 'open_responses';
  readonly items: readonly TraceItem[];
}

/** What a solver produced for one trial of one sample (format 8). `direct_ios` stays empty: raw bodies are not stored. */
export interface SolverOutput {
  readonly trace: Trace;
  /** Each model's answer as received, in order. */
  readonly raw_outputs: readonly ModelOutput[];
  readonly direct_ios: readonly JsonValue[];
}

/**
 * What went wrong with one sample (format 19.1). It lies beside the sample's answers, never in a history: the message may
 * quote the service, or a judge's invalid reply (format 9.2). It holds no secret.
 */
export interface SampleError {
  readonly error_type: string;
  readonly message: string;
  readonly hint?: string;
  readonly stage: 'solver' | 'score' | 'action';
  readonly trial?: number;
  readonly scorer_key?: string;
}

/** One query of a sample with what it was asked: what `show RUN TASK SAMPLE` prints. */
export interface RecordedQuery {
  readonly model_key: string;
  /** Digest of the canonical JSON of the input. */
  readonly request_digest: string;
  readonly input: JsonValue;
  readonly output: ModelOutput;
  readonly evidence: AnswerEvidence;
  /** Of an answer that stood, where it was given: nothing was sent. It is not part of the result digest. */
  readonly origin?: AnswerOrigin;
}

/** One attempt at one sample, solved; `output` is null exactly if `error` is there. */
export interface SolvedTrial {
  readonly trial: number;
  readonly output: SolverOutput | null;
  readonly queries: readonly RecordedQuery[];
  /** Queries that left without bringing an answer, and how often they were sent again. */
  readonly failed_queries: { readonly sent: number; readonly retried: number };
  readonly error?: SampleError;
}

/** The solver outputs of one sample; one line of a segment's solve blob. */
export interface SolvedSample {
  readonly sample_index: number;
  readonly sample_id: string;
  /** Run attempt (1, 2 …) in which it was solved; `resume` tries recorded errors of earlier attempts again. */
  readonly attempt: number;
  readonly trials: readonly SolvedTrial[];
}
