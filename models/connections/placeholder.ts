import type { ModelConnection } from '../model-connection.ts';

/** Answers every query with an empty completion; nothing leaves. */
export function createPlaceholder(): ModelConnection {
  return {
    send: async () => ({
      output: { choices: [{ message: { role: 'assistant', content: '' }, finish_reason: 'stop' }] },
      evidence: { finish_reason: 'stop' },
    }),
    close: async () => {},
  };
}
