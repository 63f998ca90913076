import type { JsonObject, JsonValue } from '../../../../contracts/json.ts';

/**
 * A small run config in which everything of the table occurs once, for tests that put something else in its place: one
 * specification whose model is `subject` and whose second scorer asks `judge`.
 */
export const hostRun = {
  secrets: { FIRST: '$FIRST_VARIABLE', SECOND: '$SECOND_VARIABLE' },
  model_adapters: [makeAdapter('subject-adapter'), makeAdapter('judge-adapter')],
  models: [makeModel('subject', 'subject-adapter'), makeModel('judge', 'judge-adapter')],
  datasets: [
    {
      key: 'rows',
      source: {
        type: 'inline',
        samples: [
          { sample_id: 'a', Alpha: 'one', Beta: '1', Spare: 'true' },
          { sample_id: 'b', Alpha: 'two', Beta: '2', Spare: 'false' },
          { sample_id: 'c', Alpha: 'two', Beta: '3', Spare: 'true' },
        ],
      },
    },
    { key: 'other-rows', source: { type: 'inline', samples: [{ Alpha: 'three' }] } },
  ],
  tasks: [
    {
      key: 'task',
      config_spec: [{ key: 'Spare', type: 'string', default_value: 'one' }],
      definition: {
        dataset: { key: 'rows' },
        solver: {
          type: 'single_turn_solver',
          input_builder: {
            type: 'chat_completion',
            input_messages: [{ role: 'user', content: 'Say {{ sample.Alpha }}.' }],
          },
        },
        scorers: [
          { type: 'string_equals', key: 'first', ground_truth: '{{ sample.Alpha }}' },
          {
            type: 'model_as_a_judge_scorer',
            key: 'judged',
            model_key: 'judge',
            user_prompt: 'How good is {{ trace }}?',
          },
        ],
      },
    },
  ],
  evaluation: {
    key: 'evaluation',
    config_spec: [{ key: 'Spare', type: 'string', default_value: 'one' }],
    task_specifications: [{ key: 'specification', task_key: 'task', model_key: 'subject' }],
  },
} as const satisfies JsonObject;

/** Files that a data path may name, each with an equal twin and one that says something else. */
export const hostFiles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    csv: ['Alpha,Beta,Spare\none,1,true\ntwo,2,false\ntwo,3,true\n', 'Alpha,Beta,Spare\none,1,true\ntwo,4,false\n'],
    // Rows and a recording at once.
    jsonl: [
      '{"sample_id": "a", "content": "one"}\n{"sample_id": "b", "content": "two"}\n',
      '{"sample_id": "a", "content": "six"}\n',
    ],
    ts: [
      "export const named = () => 'a';\nexport default named;\n",
      "export const named = () => 'b';\nexport default named;\n",
    ],
  }).flatMap(([extension, [content = '', different = '']]) => [
    [`data.${extension}`, content],
    [`twin.${extension}`, content],
    [`different.${extension}`, different],
  ]),
);

function makeAdapter(key: string) {
  const template = { language: 'jinja', source_code: '{{ body }}' };
  return { key, process_input: template, process_output: template };
}

function makeModel(key: string, adapter: string) {
  return {
    key,
    // Without it no run with `limits.cost` would be valid.
    price: { input: 0.5, output: 1 },
    config: { connection_type: 'custom_connection', url: `https://${key}.example.org/v1`, adapter: { key: adapter } },
  };
}

export function cloneHost(): JsonValue {
  return structuredClone(hostRun);
}
