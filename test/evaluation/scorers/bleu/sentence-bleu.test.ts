import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { computeSentenceBleu } from '../../../../evaluation/scorers/bleu/sentence-bleu.ts';

interface Reference {
  readonly rows: readonly { readonly answer: string; readonly reference: string; readonly score: number }[];
}
const { rows } = JSON.parse(await readFile(new URL('reference.json', import.meta.url), 'utf8')) as Reference;

describe('sentence BLEU', () => {
  it('is what the format gives for its five examples', () => {
    const vectors = [
      ['Paris', 'Paris', 1],
      ['Paris is nice.', 'Paris', 0.1597357760615681],
      ['the cat is on a mat', 'the cat sat on the mat', 0.19304869754804482],
      ['It costs 3.50 euros, not 4', 'It costs 3.50 euros, not 5.', 0.7013967267997689],
      ['', 'Paris', 0],
    ] as const;
    for (const [answer, reference, score] of vectors)
      expect(Math.abs(computeSentenceBleu(answer, reference) - score), answer).toBeLessThan(1e-9);
  });

  it('agrees with sacreBLEU on the committed table', () => {
    expect(rows.length).toBeGreaterThan(200);
    const wrong = rows.filter(
      ({ answer, reference, score }) => Math.abs(computeSentenceBleu(answer, reference) - Math.min(1, score)) > 1e-9,
    );
    expect(wrong).toEqual([]);
  });
});
