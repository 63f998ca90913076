import { describe, expect, it } from 'vitest';
import { checkDocuments, type ReportedTask } from '../../bench/chaos/check-documents.ts';
import { checkQueries, type QueryExpectation } from '../../bench/chaos/check-queries.ts';
import { createFaultDeck, faultKinds } from '../../bench/chaos/cluster/draw-fault.ts';
import { drawInterruption } from '../../bench/chaos/draw-interruption.ts';
import { drawRound, firstContents } from '../../bench/chaos/draw-round.ts';
import { countQueries, type Specification } from '../../bench/chaos/evaluation.ts';
import { findFault } from '../../bench/chaos/faults.ts';
import { checkVerdicts, createKnowledge, doubt, learn } from '../../bench/chaos/knowledge.ts';
import { countReplies, makeAnswer, makeHeading, readQuestion } from '../../bench/chaos/questions.ts';
import { createRandom } from '../../bench/chaos/random.ts';
import { openBooks } from '../../bench/chaos/service-books.ts';
import type { Books, Delivery, DeliveryEnd } from '../../bench/chaos/service-protocol.ts';
import type { RunDocument, TaskDocument } from '../../client/run-document.ts';

// The chaos command proves nothing if its bookkeeping lets anything pass.

describe('the check of queries', () => {
  it('is content with one answer to each question, and with what the service broke off', () => {
    const books = makeBooks({ a: [answered('p1')], b: [delivered('p1', 'faulted'), answered('p1')] });
    expect(checkQueries(books, expecting({ a: 1, b: 1 })).problems).toEqual([]);
  });

  it('is content with what a killed process had in flight', () => {
    const books = makeBooks({ a: [delivered('p1', 'cut'), answered('p2')], b: [answered('p1'), answered('p2')] });
    const { problems, figures } = checkQueries(books, expecting({ a: 1, b: 1 }, { killed: ['p1'], mostInFlight: 2 }));
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ expected: 2, answered: 2, resent: 2, bound: 2, cut: 1, mostLost: 2 });
  });

  it('flags a question that nobody answered', () => {
    const books = makeBooks({ a: [answered('p1')], b: [delivered('p1', 'cut')] });
    expect(checkQueries(books, expecting({ a: 1, b: 1, c: 1 }, { killed: ['p1'] })).problems).toEqual([
      'missing: b was answered 0 times, not 1',
      'missing: c was answered 0 times, not 1',
    ]);
  });

  it('flags one trial too few', () => {
    expect(checkQueries(makeBooks({ a: [answered('p1')] }), expecting({ a: 2 })).problems).toHaveLength(1);
  });

  it('flags a question that nobody should have asked', () => {
    const books = makeBooks({ a: [answered('p1')], b: [delivered('p1', 'faulted')] });
    expect(checkQueries(books, expecting({ a: 1 })).problems).toEqual(['unexpected: b was asked 1 times']);
  });

  it('flags what was sent again although nobody was killed over it', () => {
    const books = makeBooks({ a: [answered('p2'), answered('p2')] });
    const { problems } = checkQueries(books, expecting({ a: 1 }, { killed: ['p1'] }));
    expect(problems[0]).toContain('sent again without need: a');
  });

  it('flags one query more than can have been in flight', () => {
    const twice = [answered('p1'), answered('p2')];
    const { problems } = checkQueries(
      makeBooks({ a: twice, b: twice, c: twice }),
      expecting({ a: 1, b: 1, c: 1 }, { killed: ['p1'], mostInFlight: 2 }),
    );
    expect(problems).toContain('re-sent: 3 queries, which is more than 2');
  });

  it('flags a kill that lost more than was in flight, also where others lost less', () => {
    const twice = [answered('p1'), answered('p3')];
    const { problems } = checkQueries(
      makeBooks({ a: twice, b: twice, c: twice }),
      expecting({ a: 1, b: 1, c: 1 }, { killed: ['p1', 'p2'], mostInFlight: 2 }),
    );
    expect(problems).toEqual(['re-sent: 3 queries of p1, which can have lost 2']);
  });

  it('lets a process lose as much each time that something happened to it', () => {
    const twice = [answered('p1'), answered('p2')];
    const books = makeBooks({ a: twice, b: twice, c: twice });
    const expectation = expecting({ a: 1, b: 1, c: 1 }, { mostInFlight: 2 });
    expect(checkQueries(books, { ...expectation, losses: new Map([['p1', 2]]) }).problems).toEqual([]);
    expect(checkQueries(books, { ...expectation, losses: new Map([['p1', 1]]) }).problems).not.toEqual([]);
  });

  it('lets a sleeper that wakes up ask what was answered meanwhile, and nobody else', () => {
    const books = makeBooks({ a: [answered('p2'), answered('p1')] });
    const expectation = expecting({ a: 1 }, { killed: ['p1'] });
    expect(checkQueries(books, { ...expectation, sleepers: new Set(['p1']) }).problems).toEqual([]);
    expect(checkQueries(books, expectation).problems).not.toEqual([]);
  });

  it('lets what was damaged on purpose be asked again, and no more', () => {
    const expectation = { ...expecting({ a: 1 }), tolerated: new Map([['a', 1]]) };
    const books = (times: number) => makeBooks({ a: Array.from({ length: times }, () => answered('p1')) });
    expect(checkQueries(books(2), expectation).problems).toEqual([]);
    expect(checkQueries(books(3), expectation).problems).not.toEqual([]);
  });

  it('flags a question whose text differs from one time to the next', () => {
    const question = { task: 'plain', role: 'solve', rubric: '', row: '1-1', corrections: 0 } as const;
    const books = openBooks();
    books.begin(question, 'p1', 'one text').end('cut');
    books.begin(question, 'p2', 'another text').end('answered');
    const { problems } = checkQueries(books.read(), expecting({ 'plain/solve/1-1: 0': 1 }, { killed: ['p1'] }));
    expect(problems).toEqual([expect.stringContaining('came with two texts')]);
  });
});

describe('the check of documents', () => {
  const specification: Specification = { key: 'judged', task: 'judged', edition: 1, rubric: 'a' };
  const sent = countQueries(specification, 'solve') + countQueries(specification, 'score');
  const task = {
    key: 'judged',
    status: 'completed',
    reuse: 'none',
    result_digest: 'sha256:1',
    metrics: { accuracy: 0.5 },
    samples: { total: 320, errors: 2, excluded_from_metrics: 0 },
    model_queries: { sent, retried: 3, saved: 0 },
    error: null,
  } as unknown as TaskDocument;
  const run = { run: 'r1', status: 'completed' } as unknown as RunDocument;
  const references = new Map([
    ['judged@1+a', { result_digest: 'sha256:1', metrics: { accuracy: 0.5 }, errors: 2 } as const],
  ]);
  const check = (change: Partial<TaskDocument>, ofRun: Partial<RunDocument> = {}, isDoubtful = false) => {
    const reported: ReportedTask = { run: { ...run, ...ofRun }, task: { ...task, ...change }, specification };
    return checkDocuments([reported.run], [reported], references, () => isDoubtful);
  };

  it('is content with what an undisturbed run comes to', () => {
    expect(check({})).toEqual([]);
  });

  it.each<[string, Partial<TaskDocument>]>([
    ['a wrong digest', { result_digest: 'sha256:2' }],
    ['no digest', { result_digest: null }],
    ['a wrong metric', { metrics: { accuracy: 0.51 } }],
    ['a task that failed', { status: 'failed' }],
    ['a task that is still running', { status: 'running' }],
    ['another number of samples', { samples: { total: 319, errors: 2, excluded_from_metrics: 0 } }],
    ['a sample error too many', { samples: { total: 320, errors: 3, excluded_from_metrics: 0 } }],
    ['an answer that was not counted', { model_queries: { sent: sent - 1, retried: 0, saved: 0 } }],
    ['queries of a result that stands', { reuse: 'full' }],
  ])('flags %s', (_, change) => {
    expect(check(change)).toHaveLength(1);
  });

  it('flags a run that was left open', () => {
    expect(check({}, { status: 'running' })).toEqual(['run r1 is running']);
  });

  it('lets queries count that a stop abandoned after they had left', () => {
    expect(check({ model_queries: { sent: sent + 3, retried: 0, saved: 0 } })).toEqual([]);
  });

  it('lets the mending of what was damaged on purpose cost queries, and changes nothing else', () => {
    const mended = { model_queries: { sent: sent + 200, retried: 0, saved: 0 } };
    expect(check(mended, {}, true)).toEqual([]);
    expect(check({ ...mended, result_digest: 'sha256:2' }, {}, true)).toHaveLength(1);
  });
});

describe('the check of verdicts', () => {
  const a: Specification = { key: 'a', task: 'judged', edition: 1, rubric: 'a' };
  const b: Specification = { ...a, key: 'b', rubric: 'b' };

  it('wants everything new solved once and scored once, whoever does it', () => {
    const [solved, partial] = [
      { specification: a, verdict: 'none' },
      { specification: b, verdict: 'partial' },
    ] as const;
    expect(checkVerdicts('reuse', [solved, partial, { ...solved, verdict: 'full' }], createKnowledge())).toEqual([]);
    expect(checkVerdicts('reuse', [solved, solved, partial], createKnowledge())).toHaveLength(2);
    expect(checkVerdicts('reuse', [{ ...solved, verdict: 'full' }, partial], createKnowledge())).toHaveLength(2);
    expect(checkVerdicts('reuse', [solved, { ...partial, verdict: 'none' }], createKnowledge())).toHaveLength(1);
  });

  it('flags work on what was usable, and lets it pass where it was damaged', () => {
    const known = createKnowledge();
    learn('reuse', [{ specification: a, verdict: 'none' }], known);
    expect(checkVerdicts('reuse', [{ specification: a, verdict: 'full' }], known)).toEqual([]);
    expect(checkVerdicts('reuse', [{ specification: a, verdict: 'partial' }], known)).toHaveLength(1);
    doubt(a, 'solve', known);
    expect(checkVerdicts('reuse', [{ specification: a, verdict: 'none' }], known)).toEqual([]);
  });

  it('flags any reuse under update, and learns nothing from no-cache', () => {
    const known = createKnowledge();
    expect(checkVerdicts('update', [{ specification: a, verdict: 'partial' }], known)).toHaveLength(1);
    learn('no-cache', [{ specification: a, verdict: 'none' }], known);
    expect(checkVerdicts('reuse', [{ specification: a, verdict: 'full' }], known)).toHaveLength(1);
  });
});

describe('what the seed decides', () => {
  it('is the same each time, and another for another seed', () => {
    const draw = (seed: string) => {
      const random = createRandom(seed, 'round', 1);
      const round = drawRound(firstContents, random);
      return JSON.stringify([round, ...Array.from({ length: 20 }, () => drawInterruption(random))]);
    };
    expect(draw('1')).toBe(draw('1'));
    expect(draw('1')).not.toBe(draw('2'));
  });

  it('brings every kind of fault to a cluster, as often as any other seed', () => {
    const deal = (seed: string) => {
      const drawFault = createFaultDeck(createRandom(seed, 'faults'), 2);
      return Array.from({ length: 11 }, () => drawFault().kind);
    };
    expect(deal('1')).toEqual(deal('1'));
    expect(deal('1')).not.toEqual(deal('2'));
    expect(deal('1').toSorted()).toEqual(deal('2').toSorted());
    expect(new Set(deal('1'))).toEqual(new Set(faultKinds));
  });

  it('never lets a question run out of retries', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `question ${index}`);
    expect(names.filter((name) => findFault('1', name, 0) !== undefined).length).toBeGreaterThan(10);
    expect(names.filter((name) => findFault('1', name, 2) !== undefined)).toEqual([]);
  });
});

describe('the questions', () => {
  it('are read from the request as they were written, with the corrections so far', () => {
    const heading = makeHeading({ task: 'judged', role: 'verdict', rubric: 'b1', row: '3-14' });
    const user = { role: 'user', content: `${heading}is "this" right?` };
    const more = [
      { role: 'assistant', content: 'Hard to say.' },
      { role: 'user', content: 'That reply cannot be used.' },
    ];
    const expected = { task: 'judged', role: 'verdict', rubric: 'b1', row: '3-14' };
    expect(readQuestion([user])).toEqual({ ...expected, corrections: 0 });
    expect(readQuestion([{ role: 'system', content: 'You judge.' }, user, ...more])).toEqual({
      ...expected,
      corrections: 1,
    });
    expect(readQuestion([{ role: 'user', content: 'Hello' }])).toBeUndefined();
  });

  it('are answered by a judge after as many replies as are counted on', () => {
    const replies = Array.from({ length: 300 }, (_, index) => {
      const question = { task: 'judged', role: 'verdict', rubric: 'a', row: `1-${index}` } as const;
      const count = countReplies(question);
      const texts = Array.from({ length: count }, (__, corrections) => makeAnswer({ ...question, corrections }));
      expect(texts.slice(0, -1).every((text) => text.startsWith('Hard to say'))).toBe(true);
      return count;
    });
    expect(new Set(replies)).toEqual(new Set([1, 2, 3]));
  });
});

function makeBooks(questions: Readonly<Record<string, readonly Delivery[]>>): Books {
  return { questions, oddities: [] };
}

function delivered(process: string, end: DeliveryEnd): Delivery {
  return { process, end };
}

function answered(process: string): Delivery {
  return delivered(process, 'answered');
}

function expecting(
  expected: Readonly<Record<string, number>>,
  { killed = [], mostInFlight = 10 }: { killed?: readonly string[]; mostInFlight?: number } = {},
): QueryExpectation {
  return {
    expected: new Map(Object.entries(expected)),
    tolerated: new Map(),
    losses: new Map(killed.map((process) => [process, 1])),
    mostInFlight,
  };
}
