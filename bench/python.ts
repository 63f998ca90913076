import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { createPythonHost } from '../python/create-python-host.ts';

// `npm run bench:python`: calls of a trivial scorer in Python, as a solver output of two messages is judged.

const calls = 10_000;
const source = `
def compute_scores(sample, solver_output):
    return {"is_correct": solver_output.trace.get_last_assistant_text() == sample["capital"]}
`;
const snippet = { digest: createHash('sha256').update(source).digest('hex'), source, file: 'scorer.py', line: 1 };
const message = (role: string, type: string, text: string) => ({ type: 'message', role, content: [{ type, text }] });
const argument = {
  sample: { country: 'Italy', capital: 'Rome' },
  solver_output: {
    trace: {
      FORMAT: 'open_responses',
      items: [message('user', 'input_text', 'Capital of Italy?'), message('assistant', 'output_text', 'Rome')],
    },
    raw_outputs: [{ choices: [{ message: { role: 'assistant', content: 'Rome' } }] }],
    direct_ios: [],
  },
};

const host = createPythonHost();
try {
  const startedAt = performance.now();
  await host.call(snippet, 'scorer', argument);
  console.log(`${cpus().length} cores; the first call, with the start of a process: ${since(startedAt).toFixed(0)} ms`);
  for (let round = 1; round <= 3; round += 1) {
    const roundAt = performance.now();
    await Promise.all(Array.from({ length: calls }, () => host.call(snippet, 'scorer', argument)));
    console.log(`${calls} calls: ${((1_000 * calls) / since(roundAt)).toFixed(0)}/s (wanted: 5,000 at least)`);
  }
} finally {
  await host.close();
}

function since(moment: number): number {
  return performance.now() - moment;
}
