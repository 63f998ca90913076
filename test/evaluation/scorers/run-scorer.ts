import type { JsonObject } from '../../../contracts/json.ts';
import { completeDefinition } from '../../../evaluation/complete-definition.ts';
import type { Generate, ModelInput, ModelOutput } from '../../../evaluation/model-io.ts';
import type { Score } from '../../../evaluation/score.ts';
import { getScorerKind } from '../../../evaluation/scorers/index.ts';
import { answerToItems } from '../../../evaluation/solvers/answer-to-items.ts';
import { definitionSchema } from '../../../evaluation/spec/tasks.ts';
import type { SolverOutput } from '../../../evaluation/trace.ts';

export function chat(content: string): ModelOutput {
  return { choices: [{ message: { role: 'assistant', content } }] };
}

export function makeSolverOutput(output: ModelOutput): SolverOutput {
  return { trace: { FORMAT: 'open_responses', items: answerToItems(output) }, raw_outputs: [output], direct_ios: [] };
}

export interface ScorerRun {
  readonly row?: JsonObject;
  readonly answer?: string;
  readonly solverOutput?: SolverOutput;
  /** What the judge replies, one after the other. */
  readonly replies?: readonly (string | ModelOutput)[];
}

export interface ScorerReport {
  readonly score: Score;
  readonly warnings: readonly string[];
  readonly asked: readonly ModelInput[];
}

/** A scorer, written as in a run file, ready to judge one answer. */
export function prepareScorer(written: object): (run: ScorerRun) => Promise<ScorerReport> {
  const definition = completeDefinition(
    definitionSchema.parse({
      dataset: { key: 'd' },
      solver: { type: 'pass_through_solver', trace_column: 't' },
      scorers: [written],
    }),
  );
  const [spec] = definition.scorers;
  if (spec === undefined) throw new Error('There is one scorer.');
  const scoreTrial = getScorerKind(spec.type).create(spec);
  return async ({ row = {}, answer = '', solverOutput = makeSolverOutput(chat(answer)), replies = [] }) => {
    const warnings: string[] = [];
    const asked: ModelInput[] = [];
    const generate: Generate = async (input) => {
      const reply = replies[asked.length];
      asked.push(input);
      if (reply === undefined) throw new Error('The judge has no more replies.');
      const output = typeof reply === 'string' ? chat(reply) : reply;
      return { output, evidence: { started_at: '2024-01-01T00:00:00Z', duration_ms: 1, retries: [] } };
    };
    const score = await scoreTrial(
      { sample: { index: 0, id: 's7', row }, trial: 0, solverOutput },
      { generate, warnOnce: (message) => warnings.push(message) },
    );
    return { score, warnings, asked };
  };
}

/** The score of one answer. */
export async function runScorer(written: object, run: ScorerRun): Promise<Score> {
  return (await prepareScorer(written)(run)).score;
}
