import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { openStet, type SampleDocument, type Stet } from '../../embedded/index.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { FakeContext } from '../cli/fake-stet.ts';
import { type OpenAiTestServer, startOpenAiTestServer } from '../support/openai-test-server.ts';
import { placeStore } from '../support/stores/place-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

// One stored run of 30 samples with 2 trials each, looked at through filters and scored anew, with judges that count.

const countries = 30;
const refused = 7;

let server: OpenAiTestServer;
let folder: TemporaryFolder;
let stet: Stet;
let run: string;

/** Wrong for every third country, and none at all for one. */
function answer(prompt: string) {
  const country = Number(/\d+/.exec(prompt)?.[0]);
  if (prompt.startsWith('Judge')) return '1';
  if (country === refused) return { status: 400, content: 'no' };
  return country % 3 === 0 ? 'somewhere' : `CITY ${country}`;
}

function makeRun(scorers: readonly object[], systemPrompt = 'Name the city.'): RunFileInput {
  return {
    models: [
      {
        key: 'small',
        config: { connection_type: 'openai_compatible', base_url: server.baseUrl, model_key: 'small-1' },
      },
    ],
    datasets: [
      {
        key: 'capitals',
        source: {
          type: 'inline',
          samples: Array.from({ length: countries }, (_, row) => ({ sample_id: `c${row}`, row, city: `City ${row}` })),
        },
      },
    ],
    tasks: [
      {
        key: 'capitals',
        definition: {
          dataset: { key: 'capitals' },
          solver: {
            type: 'single_turn_solver',
            input_builder: {
              type: 'chat_completion',
              input_messages: [
                { role: 'system', content: systemPrompt },
                { role: 'user', content: 'Country {{ sample.row }}?' },
              ],
            },
          },
          scorers,
        },
      },
    ],
    run_config: { trials_config: { num_trials: 2 } },
    limits: { max_sample_errors: 5 },
    evaluation: { key: 'capitals', task_specifications: [{ key: 'cities', task_key: 'capitals', model_key: 'small' }] },
  } as RunFileInput;
}

const loose = { key: 'city', type: 'includes', text: '{{ sample.city }}', ignore_case: true };
const strict = { ...loose, ignore_case: false };
const judge = {
  key: 'judge',
  type: 'model_as_a_judge_scorer',
  model_key: 'small',
  user_prompt: 'Judge {{ trace.get_last_assistant_text() }}.',
};

beforeAll(async () => {
  server = await startOpenAiTestServer({ answer: ({ prompt }) => answer(prompt) });
  folder = await makeTemporaryFolder();
  stet = await openStet({ store: placeStore(`${folder.path}/.stet`), workingDirectory: folder.path, segmentSize: 10 });
  await folder.write('run.yaml', makeRun([loose]));
  run = (await (await stet.run('run.yaml')).result()).run;
});

afterAll(async () => {
  await stet?.close();
  await server?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function find(where: string): Promise<readonly SampleDocument[]> {
  const found: SampleDocument[] = [];
  for await (const sample of stet.samples(run, { task: 'cities', where })) found.push(sample);
  return found;
}

/** `show latest cities` with more words, over this library. */
async function runHere(words: readonly string[]) {
  const context = new FakeContext('show latest cities');
  context.commandLine = [...context.commandLine, ...words];
  const exitCode = await runProgram(
    Object.assign(context, { open: async () => ({ ...stet, close: async () => {} }) }),
    '1',
  );
  return { exitCode, output: context.output, errorOutput: context.errorOutput };
}

describe('samples of a stored run', () => {
  it('are those that an expression fits, with the trials for which it does', async () => {
    const wrong = await find('not scores.city.is_correct');
    expect(wrong.map(({ sample_id }) => sample_id)).toEqual(
      ['c0', 'c3', 'c6', 'c9', 'c12', 'c15', 'c18', 'c21', 'c24', 'c27'], // c7 failed: it is neither right nor wrong
    );
    const second = await find("trial == 1 and sample.row > 27 and 'CITY' in output");
    expect(second.map(({ sample_id, matching_trials }) => [sample_id, matching_trials])).toEqual([
      ['c28', [1]],
      ['c29', [1]],
    ]);
    const failed = await find("errors | selectattr('stage', 'equalto', 'solver') | list");
    expect(failed.map(({ sample_id, matching_trials }) => [sample_id, matching_trials])).toEqual([['c7', [0, 1]]]);
  });

  it('are none for an expression that is wrong, which says where', async () => {
    await expect(find('scores.citty.is_correct')).rejects.toMatchObject({
      code: 'usage',
      message: 'where, column 8: the task has no scorer "citty".',
    });
    await expect(find('sample.citty == 1')).rejects.toMatchObject({ code: 'usage' });
    await expect(find('scores.city.correct')).rejects.toMatchObject({
      message: 'where, column 13: scorer "city" gives no "correct" on any sample.',
    });
  });

  it('are listed by the command line, which exits with 2 for such an expression', async () => {
    const shown = await runHere(['--where', 'scores.city.is_correct == false', '--limit', '4', '--json']);
    const page = JSON.parse(shown.output);
    expect(page).toMatchObject({ has_more: true, skip: 0 });
    expect(page.samples.map(({ sample_id }: SampleDocument) => sample_id)).toEqual(['c0', 'c3', 'c6', 'c9']);
    const refusedHere = await runHere(['--where', 'errors =']);
    expect(refusedHere.exitCode).toBe(2);
    expect(refusedHere.errorOutput).toContain('Compare with "=="');
  });
});

describe('a sample that is tried', () => {
  it('leaves a store beside it as it is, and is asked for again each time', async () => {
    const listing = await readdir(folder.path, { recursive: true });
    const asked = server.count();
    await stet.try('run.yaml', { samples: ['c1'] });
    const { samples } = await stet.try('run.yaml', { samples: ['c1'] });
    expect(server.count() - asked).toBe(4);
    expect(samples[0]?.solved?.trials).toHaveLength(2);
    expect(await readdir(folder.path, { recursive: true })).toEqual(listing);
    expect(await stet.list()).toHaveLength(1);
  });
});

describe('scoring stored samples anew', () => {
  it('shows what the present scorers of the file change, asks no solver, and publishes nothing', async () => {
    const [before, listing] = [await stet.show(run), await readdir(folder.path, { recursive: true })];
    const asked = server.count();
    const document = await stet.rescore(run, { source: makeRun([strict]), limit: 12 });
    expect(server.count()).toBe(asked);
    expect(document).toMatchObject({
      run,
      task: 'cities',
      solver_differs_in: [],
      candidates: countries - 1,
      errors: 0,
      model_queries: { sent: 0, retried: 0 },
    });
    // Half of them were wrong before, and stay so; the others are right for a loose scorer only.
    expect(document.samples).toHaveLength(12);
    expect(document.changed).toBe(6);
    const changes = document.samples.flatMap((sample) => sample.changes);
    expect(changes).toEqual(
      Array.from({ length: 6 }, () =>
        [0, 1].map((trial) => ({ scorer_key: 'city', name: 'is_correct', trial, before: true, after: false })),
      ).flat(),
    );
    expect(await stet.rescore(run, { source: makeRun([strict]), limit: 12 })).toEqual(document);
    expect(await stet.show(run)).toEqual(before);
    expect(await stet.list()).toHaveLength(1);
    expect(await readdir(folder.path, { recursive: true })).toEqual(listing);
  });

  it('asks judges once for each trial, counts them, and reads answers rather than asking for them', async () => {
    const asked = server.count();
    const where = 'not scores.city.is_correct';
    const document = await stet.rescore(run, { source: makeRun([loose, judge]), where, limit: 3 });
    expect(document.model_queries).toEqual({ sent: 6, retried: 0 });
    expect(server.count() - asked).toBe(6);
    expect(server.requests.slice(asked).map(({ prompt }) => prompt)).toEqual(
      Array.from({ length: 6 }, () => 'Judge somewhere.'),
    );
    expect(document.samples[0]?.changes).toMatchObject([
      { scorer_key: 'judge', trial: 0, before: null },
      { scorer_key: 'judge', trial: 1, before: null },
    ]);
  });

  it('says in what the file would give other answers, and takes that of the run where none is named', async () => {
    const other = await stet.rescore(run, { source: makeRun([strict], 'Name the river.'), samples: ['c1', '3'] });
    expect(other.solver_differs_in.length).toBeGreaterThan(0);
    expect(other.samples.map(({ sample_id }) => sample_id)).toEqual(['c1', 'c2']);
    expect((await stet.rescore(run)).changed).toBe(0);
  });

  it('refuses samples that have nothing to score', async () => {
    await expect(stet.rescore(run, { samples: [`c${refused}`] })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.rescore(run, { where: 'errors' })).rejects.toMatchObject({ code: 'usage' });
    await expect(stet.rescore(run, { task: 'citis' })).rejects.toMatchObject({ hint: 'Did you mean "cities"?' });
  });
});

describe('what `stet init` writes', () => {
  it.each([
    ['recorded', [], 5 / 6],
    ['function', ['--function', 'system.ts'], 5 / 6],
    ['endpoint', ['--endpoint', 'SERVER', '--model', 'm'], 0],
  ])('runs as it stands: %s', async (name, flags, accuracy) => {
    const context = new FakeContext(`init ${name}`);
    context.workingDirectory = folder.path;
    context.commandLine = [...context.commandLine, ...flags.map((flag) => flag.replace('SERVER', server.baseUrl))];
    expect(await runProgram(context, '1.2.3')).toBe(0);
    const document = await (await stet.run(`${name}/run.yaml`)).result();
    expect(document).toMatchObject({ status: 'completed', tasks: [{ samples: { total: 6, errors: 0 } }] });
    expect(document.tasks[0]?.metrics?.['accuracy']).toBeCloseTo(accuracy);
  });
});
