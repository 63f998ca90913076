import { describe, expect, test } from 'vitest';
import { parseReply } from '../../../../evaluation/scorers/judge/parse-reply.ts';
import { createLabelShape, createRangeShape } from '../../../../evaluation/scorers/judge/reply-shape.ts';

const labels = createLabelShape('prediction', ['Yes', 'No', 'no']);
const range = createRangeShape('score', 1, 5);
const verdict = (word: string) => ({ verdict: word, reasoning: null, confidence: null });

describe('a reply', () => {
  test.each([
    ['whole', '{"prediction": "Yes", "reasoning": "so", "confidence": 0.9}'],
    [
      'in its only code fence',
      'Sure {x}:\n```json\n{"prediction": "Yes", "reasoning": "so", "confidence": 0.9}\n```\nDone {y}.',
    ],
    ['from the first to the last brace', 'Well: {"prediction": "Yes", "reasoning": "so", "confidence": 0.9}. Bye'],
  ])('is read %s', (_how, reply) => {
    expect(parseReply(reply, labels)).toEqual({ verdict: 'Yes', reasoning: 'so', confidence: 0.9 });
  });

  test('is not read where there are two code fences with an object each', () => {
    const fence = '```\n{"prediction": "Yes"}\n```\n';
    expect(parseReply(fence + fence, labels)).toHaveProperty('problem');
  });

  test.each([
    '',
    'nothing',
    '[1]',
    '"Maybe"',
    '{"label": "Yes"}',
    '{"prediction": true}',
    '{"prediction": "Yes!"}',
    '{',
  ])('is invalid without a verdict: %j', (reply) => {
    expect(parseReply(reply, labels)).toHaveProperty('problem');
  });

  test('may be nothing but the verdict', () => {
    expect(parseReply(' Yes\n', labels)).toEqual(verdict('Yes'));
    expect(parseReply('"Yes"', labels)).toEqual(verdict('Yes'));
    expect(parseReply('4.5', range)).toEqual({ verdict: 4.5, reasoning: null, confidence: null });
  });

  test('leaves reasoning and confidence of another type out', () => {
    const reply = '{"prediction": "Yes", "reasoning": ["a"], "confidence": "high"}';
    expect(parseReply(reply, labels)).toEqual({ verdict: 'Yes', reasoning: null, confidence: 'high' });
  });
});

describe('a label', () => {
  test.each([
    [' yes ', 'Yes'],
    ['YES', 'Yes'],
    ['No', 'No'],
    ['no', 'no'],
  ])('%j is recorded in the declared spelling %j', (written, declared) => {
    expect(parseReply(JSON.stringify({ prediction: written }), labels)).toEqual(verdict(declared));
  });

  test('is not accepted where its case would have to decide and does not', () => {
    expect(parseReply('{"prediction": "NO"}', labels)).toHaveProperty('problem');
  });
});

describe('a number', () => {
  test.each([1, 5, 2.5])('%s lies within the range', (score) => {
    expect(parseReply(JSON.stringify({ score }), range)).toMatchObject({ verdict: score });
  });

  test.each([0.99, 5.01, '3', null, true])('%j is invalid', (score) => {
    expect(parseReply(JSON.stringify({ score }), range)).toEqual({ problem: '"score" must be a number from 1 to 5' });
  });

  test('out of range is invalid also alone', () => {
    expect(parseReply('6', range)).toHaveProperty('problem');
  });
});
