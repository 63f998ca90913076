import { z } from 'zod';
import { notBuiltYet, templateSchema } from './common.ts';

const ignoredOrLater = {
  postprocessor: notBuiltYet('B'),
  message_format: z.enum(['open_responses']).optional(),
} as const;

export const inputMessageSchema = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: templateSchema,
});
export const chatInputBuilderSchema = z.strictObject({
  type: z.literal('chat_completion'),
  input_messages: z.array(inputMessageSchema).min(1),
});
export const genericInputBuilderSchema = z.strictObject({ type: z.literal('generic'), template: templateSchema });
export const inputBuilderSchema = z.discriminatedUnion('type', [chatInputBuilderSchema, genericInputBuilderSchema]);

export const singleTurnSolverSchema = z.strictObject({
  type: z.literal('single_turn_solver'),
  ...ignoredOrLater,
  input_builder: inputBuilderSchema,
});
export const passThroughSolverSchema = z.strictObject({
  type: z.literal('pass_through_solver'),
  ...ignoredOrLater,
  trace_column: z.string().min(1),
});

/** What produces an answer (format 8). */
export const solverSchema = z
  .discriminatedUnion('type', [singleTurnSolverSchema, passThroughSolverSchema])
  .meta({ notBuiltTypes: { multi_turn_solver: 'B', python: 'B', typescript: 'B', grouped_single_turn_solver: 'C' } });
export type Solver = z.output<typeof solverSchema>;
