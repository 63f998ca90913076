import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStet, type RunDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import {
  answerCapital,
  type CapitalRunOptions,
  exactScorer,
  looseScorer,
  makeCapitalRun,
  makeRows,
} from '../support/capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestHandler } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// What `plan` expects is what the run then asks, for every verdict and every value of `reuse.answers`: a real server counts.

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let scenario = 0;

const judgePrompt = 'Judge {{ trace.get_last_assistant_text() }} for {{ sample.country }}.';
const answerWell: TestHandler = ({ prompt }) =>
  prompt.startsWith('Judge') ? '{"prediction": "right"}' : answerCapital(prompt);
const judge = {
  type: 'model_as_a_judge_classifier',
  key: 'judge',
  model_key: 'judge',
  user_prompt: judgePrompt,
  correct_labels: ['right'],
  incorrect_labels: ['wrong'],
} as const;

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: answerWell });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path });
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  scenario++;
  server.setHandler(answerWell);
});

const rows = makeRows(12);
const edited = rows.map((row, index) => (index === 4 ? { ...row, country: 'Country 400' } : row));

function makeRun(options: Partial<CapitalRunOptions>): RunFileInput {
  return makeCapitalRun({
    baseUrl: server.baseUrl,
    systemPrompt: `Scenario ${scenario}.`,
    samples: rows,
    scorers: [judge],
    models: [
      {
        key: 'judge',
        config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: `judge-${scenario}` },
      },
    ],
    ...options,
  });
}

/** Queries that were sent and answers that stood, which the plan has said beforehand. */
async function run(options: Partial<CapitalRunOptions>) {
  const source = makeRun(options);
  const plan = await stet.plan(source);
  const before = server.requests.length;
  const document: RunDocument = await (await stet.run(source)).result();
  const sent = server.requests.length - before;
  expect(document.status).toBe('completed');
  expect(document.model_queries.sent).toBe(sent);
  expect({ sent: plan.model_queries.sent, stood: plan.answers_stood, saved: plan.model_queries.saved }).toEqual({
    sent,
    stood: document.answers_stood,
    saved: document.model_queries.saved,
  });
  return { reuse: document.tasks.map((task) => task.reuse), sent, stood: document.answers_stood };
}

describe.each(['off', 'solver', 'all'] as const)(
  'with reuse.answers: %s, a plan expects what is then asked',
  (answers) => {
    const reuse = { answers };
    const of = (byMode: Readonly<Record<typeof answers, readonly [sent: number, stood: number]>>) => {
      const [sent, stood] = byMode[answers];
      return { sent, stood };
    };

    it('of something new, of the same again, and of what was changed since', async () => {
      expect(await run({ reuse })).toEqual({ reuse: ['none'], sent: 24, stood: 0 });
      expect(await run({ reuse })).toEqual({ reuse: ['full'], sent: 0, stood: 0 });
      const scorers = [judge, looseScorer];
      expect(await run({ reuse, scorers })).toEqual({
        reuse: ['partial'],
        ...of({ off: [12, 0], solver: [12, 0], all: [0, 12] }),
      });
      const specification = { task_key: 'capital-qa', model_key: 'small' };
      const specifications = [
        { key: 'first', ...specification },
        { key: 'twin', ...specification },
      ];
      expect(await run({ reuse, samples: edited, specifications })).toEqual({
        reuse: ['none', 'full'],
        ...of({ off: [24, 0], solver: [13, 11], all: [2, 22] }),
      });
      // What stands wholly makes unnecessary what had stood in it.
      expect(await run({ reuse, samples: edited })).toEqual({ reuse: ['full'], sent: 0, stood: 0 });
      expect(await run({ reuse, samples: makeRows(20) })).toEqual({
        reuse: ['none'],
        ...of({ off: [40, 0], solver: [28, 12], all: [16, 24] }),
      });
      expect(await run({ reuse, numTrials: 2 })).toEqual({
        reuse: ['none'],
        ...of({ off: [48, 0], solver: [36, 12], all: [24, 24] }),
      });
    });
  },
);

it.each([
  { answers: 'off', sent: 11, stood: 0 },
  { answers: 'all', sent: 0, stood: 11 },
])(
  'with reuse.answers: $answers, expects no judge to be asked for samples that have failed',
  async ({ answers, sent, stood }) => {
    server.setHandler((request) =>
      request.prompt.includes('Country 3?') ? { status: 400, content: 'no' } : answerWell(request),
    );
    const limits = { reuse: { answers }, maxSampleErrors: 1 };
    await (await stet.run(makeRun(limits))).result();
    expect(await run({ ...limits, scorers: [judge, exactScorer] })).toEqual({ reuse: ['partial'], sent, stood });
  },
);

it('expects no answer to stand under a policy that looks nothing up', async () => {
  const reuse = { answers: 'all' } as const;
  await run({ reuse });
  expect(await run({ reuse, cachePolicy: 'update' })).toEqual({ reuse: ['none'], sent: 24, stood: 0 });
});
