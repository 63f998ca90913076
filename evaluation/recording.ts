import { z } from 'zod';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { jsonSchema } from './spec/common.ts';

const recordedLineSchema = z
  .strictObject({
    sample_id: z.union([z.string(), z.number().transform(String)]).optional(),
    trial: z.int().min(0).optional(),
    call: z.int().min(0).optional(),
    last_user: z.string().optional(),
    last_user_includes: z.string().optional(),
    attempts: z.int().min(1).optional(),
    content: z.string().optional(),
    output: jsonSchema.optional(),
    error: z.strictObject({ status: z.int().min(100).max(599), message: z.string().default('') }).optional(),
    usage: z.record(z.string(), jsonSchema).optional(),
    delay_ms: z.number().min(0).optional(),
  })
  .refine(
    (line) => [line.content, line.output, line.error].filter((answer) => answer !== undefined).length === 1,
    'needs exactly one of "content", "output" and "error"',
  );

/** One line of a recording: conditions, and the answer where they all hold (format 17.2). */
export type RecordedLine = z.output<typeof recordedLineSchema>;

/**
 * Reads the JSONL text of a `recorded` connection; empty lines are skipped.
 *
 * @throws {EvaluationError} `config-invalid` naming the line.
 */
export function parseRecording(text: string, file = 'recording'): readonly RecordedLine[] {
  const lines: RecordedLine[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const place = `${file}, line ${index + 1}`;
    const location = { location: { file, line: index + 1 } };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new EvaluationError('config-invalid', `${place} is not JSON.`, location);
    }
    const parsed = recordedLineSchema.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const field = issue === undefined || issue.path.length === 0 ? '' : ` "${issue.path.join('.')}"`;
      throw new EvaluationError('config-invalid', `${place}:${field} ${issue?.message ?? 'is invalid'}.`, location);
    }
    lines.push(parsed.data);
  }
  return lines;
}
