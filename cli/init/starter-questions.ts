/** A few rows to begin with; one recorded answer is wrong, so that there is something to look at. */
export const starterQuestions = [
  { sample_id: 'france', question: 'What is the capital of France?', expected: 'Paris' },
  { sample_id: 'legs', question: 'How many legs does a spider have?', expected: '8' },
  { sample_id: 'gold', question: 'What is the chemical symbol of gold?', expected: 'Au' },
  { sample_id: 'seven', question: 'What is seven times eight?', expected: '56' },
  { sample_id: 'hamlet', question: 'Who wrote Hamlet?', expected: 'Shakespeare' },
  { sample_id: 'ocean', question: 'Which ocean is the largest?', expected: 'Pacific' },
] as const;

const recordedAnswers: Readonly<Record<(typeof starterQuestions)[number]['sample_id'], string>> = {
  france: 'The capital of France is Paris.',
  legs: 'A spider has 8 legs.',
  gold: 'The symbol of gold is Au.',
  seven: 'Seven times eight is 54.',
  hamlet: 'Hamlet was written by William Shakespeare.',
  ocean: 'The Pacific is the largest ocean.',
};

export function makeQuestionsFile(): string {
  return toJsonLines(starterQuestions);
}

export function makeAnswersFile(): string {
  return toJsonLines(starterQuestions.map(({ sample_id }) => ({ sample_id, content: recordedAnswers[sample_id] })));
}

/** A system under evaluation to replace: it answers what it has been told, and one question wrong. */
export function makeFunctionFile(exportName: string): string {
  const head =
    exportName === 'default' ? 'export default async function answer' : `export async function ${exportName}`;
  const lines = starterQuestions.map(
    ({ sample_id, question }) => `  [${quote(question)}, ${quote(recordedAnswers[sample_id])}],`,
  );
  return `// What is evaluated: any function from messages to text. Put yours in place of this one.

interface ModelCall {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** Called once for each sample and trial; it may import other files and packages, and throw. */
${head}({ messages }: ModelCall): Promise<string> {
  const question = messages.at(-1)?.content ?? '';
  return answers.get(question) ?? 'I do not know.';
}

const answers = new Map([
${lines.join('\n')}
]);
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`\'`)}'`;
}

function toJsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
