import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

interface Question {
  readonly sample_id: string;
  readonly question: string;
  readonly expected: string;
}

const folder = new URL('../../examples/quickstart/', import.meta.url);
const questions = (await readFile(new URL('questions.jsonl', folder), 'utf8'))
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Question);
// By address, since examples are no part of the typed project.
const assistant = (await import(new URL('assistant.ts', folder).href)) as {
  readonly default: (call: { readonly messages: readonly { role: string; content: string }[] }) => Promise<string>;
};

const ask = (question: string) => assistant.default({ messages: [{ role: 'user', content: question }] });

describe('the quickstart', () => {
  it('has 200 different questions with ids of their own', () => {
    expect(questions).toHaveLength(200);
    expect(new Set(questions.map(({ sample_id }) => sample_id)).size).toBe(200);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(200);
  });

  it('is answered right often but not always, and depends on the case, so that every step of the README shows', async () => {
    const answers = await Promise.all(questions.map(({ question }) => ask(question)));
    const count = (isRight: (answer: string, expected: string) => boolean) =>
      questions.filter(({ expected }, index) => isRight(answers[index] ?? '', expected)).length;
    const ignoringCase = count((answer, expected) => answer.toLowerCase().includes(expected.toLowerCase()));
    const exactly = count((answer, expected) => answer.includes(expected));
    expect(ignoringCase).toBe(158);
    expect(exactly).toBe(143);
  });

  it('gives the same answer to the same question', async () => {
    const question = 'What do 3 light bulbs cost?';
    expect(await ask(question)).toBe(await ask(question));
  });
});
