import { describe, expect, it } from 'vitest';
import { isBeyond, parseAlert } from '../../../evaluation/alerts/parse-alert.ts';

describe('an alert', () => {
  it.each([
    ['accuracy < 0.7', { subject: 'accuracy', operator: '<', threshold: 0.7, isDifference: false }],
    ['accuracy<-0.02', { subject: 'accuracy', operator: '<', threshold: -0.02, isDifference: true }],
    [
      'qa.score.mean_mean >= +.5',
      { subject: 'qa.score.mean_mean', operator: '>=', threshold: 0.5, isDifference: true },
    ],
    [
      ' label_not sure  <=  1e-3 ',
      { subject: 'label_not sure', operator: '<=', threshold: 0.001, isDifference: false },
    ],
    ['loss > +0', { subject: 'loss', operator: '>', threshold: 0, isDifference: true }],
  ])('reads %j', (text, expected) => {
    expect(parseAlert(text)).toMatchObject(expected);
  });

  it('is kept as it was written, in one spelling', () => {
    expect(parseAlert(' accuracy<-0.020 ').text).toBe('accuracy < -0.020');
  });

  it.each([
    '',
    'accuracy',
    'accuracy <',
    '< 0.7',
    'accuracy = 0.7',
    'accuracy < much',
    'accuracy < 0.7 %',
    'accuracy < 1.2.3',
  ])('refuses %j and shows how to write one', (text) => {
    expect(() => parseAlert(text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining('"accuracy < -0.02"') as string,
      }) as Error,
    );
  });

  it.each(['accuracy < +0.02', 'accuracy > -0.02'])('refuses a difference in the other direction: %j', (text) => {
    expect(() => parseAlert(text)).toThrow('in the other direction');
  });

  it.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ] as const)('with %s is beyond its threshold on that side', (operator, expected) => {
    expect([1, 2, 3].map((value) => isBeyond({ operator, threshold: 2 }, value))).toEqual(expected);
  });
});
