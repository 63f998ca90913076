import type { Subject } from './subjects.ts';

export const runFileName = 'run.yaml';
export const questionsFileName = 'questions.jsonl';
export const answersFileName = 'answers.jsonl';

/** The text of a run file that runs as it stands. */
export function makeRunFile(subject: Subject): string {
  return `# An evaluation: questions go to a model, and each answer is compared with the one that was expected.
#
#   stet try -f ${runFileName}     one sample with everything shown; nothing is stored
#   stet run -f ${runFileName}     all of them; a second time only what has changed
#   stet show latest         what came out

models:
${makeModel(subject)}
datasets:
  # One row a line; its columns are \`sample.NAME\` below. A CSV file with a header does as well.
  - key: questions
    source: { type: local, file_path: ./${questionsFileName} }

tasks:
  - key: questions-and-answers
    definition:
      dataset: { key: questions }
      solver:
        type: single_turn_solver
        input_builder:
          type: chat_completion
          input_messages:
            - { role: system, content: Answer in one short sentence. }
            - { role: user, content: "{{ sample.question }}" }
      scorers:
        # An answer is right when it holds the expected text. Answers stand when only scorers change.
        - type: includes
          text: "{{ sample.expected }}"
          ignore_case: true
          metrics:
            - { type: mean, field: is_correct, name: accuracy }

run_config:
  # Times that each sample is tried; where answers vary, so do scores.
  trials_config: { num_trials: 1 }

evaluation:
  key: first-evaluation
  task_specifications:
    - { key: answers, task_key: questions-and-answers, model_key: ${modelKeyOf(subject)} }
`;
}

function modelKeyOf({ kind }: Subject): string {
  return kind === 'endpoint' ? 'endpoint' : kind === 'function' ? 'function' : 'recorded';
}

function makeModel(subject: Subject): string {
  switch (subject.kind) {
    case 'endpoint':
      return `  # Any service that speaks the OpenAI chat protocol, hosted or on your own machine.
  - key: endpoint
    generation: { temperature: 0, max_tokens: 200 }
    # Dollars for a million tokens; with them Stet tells what a run costs.
    # price: { input: 0.1, output: 0.4 }
    config:
      connection_type: openai_compatible
      base_url: ${quote(subject.url)}
      model_key: ${quote(subject.model)}
${makeKey(subject.keyVariable)}`;
    case 'function':
      return `  # A function from messages to text. It runs off the main thread; what it imports counts as well.
  - key: function
    max_concurrent_requests: 8
    config:
      connection_type: typescript
      module: ${quote(subject.module)}
${subject.exportName === 'default' ? '' : `      export: ${quote(subject.exportName)}\n`}`;
    case 'recorded':
      return `  # Answers from a file, so that this runs without a network. For a real model write in its place:
  #   - key: endpoint
  #     config:
  #       connection_type: openai_compatible
  #       base_url: https://api.openai.com/v1
  #       model_key: gpt-4.1-nano
  #       api_key: $OPENAI_API_KEY
  - key: recorded
    config: { connection_type: recorded, file_path: ./${answersFileName} }
`;
  }
}

function makeKey(variable: string | undefined): string {
  if (variable === undefined) return '      # api_key: $MY_API_KEY\n';
  return `      # Read from the environment, or from a file .env beside this one; never written here.
      api_key: $${variable}
`;
}

/** Text as YAML reads it back; JSON text in quotes is YAML, too. */
function quote(text: string): string {
  return /^[A-Za-z./][\w./:-]*$/.test(text) && !text.endsWith(':') ? text : JSON.stringify(text);
}
