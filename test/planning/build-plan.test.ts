import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import type { JsonValue } from '../../contracts/json.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';
import { buildPlan, findUsedModels, type PlanningDependencies } from '../../planning/build-plan.ts';
import { readRunFile } from '../../planning/run-file/index.ts';
import { createDryContentStore } from '../../storage/dry-content-store.ts';
import { changeHost } from '../evaluation/fingerprint/support/compare-keys.ts';
import { createMemoryContentStore, createMemoryDatasetCache } from '../evaluation/fingerprint/support/plan-run.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const dependencies = (changes: Partial<PlanningDependencies> = {}): PlanningDependencies => ({
  content: createMemoryContentStore(),
  datasets: createMemoryDatasetCache(),
  modules: { check: async () => {} },
  segmentSize: 2,
  verifyData: false,
  ...changes,
});

const read = (source: JsonValue | string) =>
  readRunFile(source as unknown as RunFileInput | string, {
    overrides: {},
    environment: {},
    workingDirectory: folder.path,
  });

async function build(source: JsonValue | string, changes: Partial<PlanningDependencies> = {}) {
  return buildPlan(await read(source), dependencies(changes));
}

async function failToBuild(
  source: JsonValue | string,
  changes: Partial<PlanningDependencies> = {},
): Promise<readonly EvaluationError[]> {
  const resolved = await read(source);
  try {
    await buildPlan(resolved, dependencies(changes));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  throw new Error('The plan was built.');
}

const twoSpecifications = {
  'evaluation.task_specifications': [
    { key: 'a', task_key: 'task', model_key: 'subject' },
    { key: 'b', task_key: 'task', model_key: 'subject' },
  ],
};

describe('a plan', () => {
  test('needs an evaluation', async () => {
    const problems = await failToBuild({ models: [] });
    expect(problems).toMatchObject([{ code: 'config-invalid', message: expect.stringContaining('no evaluation') }]);
  });

  test('holds models that some specification asks, and reads no others', async () => {
    const { plan } = await build(
      changeHost({
        'models.0': { key: 'subject', config: { connection_type: 'placeholder' } },
        models: [
          { key: 'subject', config: { connection_type: 'placeholder' } },
          { key: 'judge', config: { connection_type: 'placeholder' } },
          { key: 'idle', config: { connection_type: 'typescript', module: './missing.ts' } },
          { key: 'idle-too', config: { connection_type: 'recorded', file_path: './missing.jsonl' } },
        ],
      }),
    );
    expect(Object.keys(plan.models).toSorted()).toEqual(['judge', 'subject']);
  });

  test('leaves out the model of a solver that cannot call it', async () => {
    const resolved = await read(
      changeHost({
        'tasks.0.definition.solver': { type: 'pass_through_solver', trace_column: 'Alpha' },
        'tasks.0.definition.scorers': [],
      }),
    );
    expect(findUsedModels(resolved).size).toBe(0);
    const { plan } = await buildPlan(resolved, dependencies());
    expect(plan.tasks[0]).not.toHaveProperty('model_key');
    expect(plan.tasks[0]?.solver_fingerprint).toMatchObject({ model: null });
  });

  test('stores what runs: rows, recordings, bundled modules', async () => {
    await folder.write('answers.jsonl', '{"content": "x"}\n');
    await folder.write('model.ts', 'const text: string = "x";\nexport default () => text;\n');
    const content = createMemoryContentStore();
    const checked: string[] = [];
    const { plan } = await build(
      changeHost({
        'models.0.config': { connection_type: 'recorded', file_path: 'answers.jsonl' },
        'models.1.config': { connection_type: 'typescript', module: 'model.ts', export: 'default' },
      }),
      { content, modules: { check: async ({ digest }, name) => void checked.push(`${digest} ${name}`) } },
    );
    const { recording } = plan.models['subject'] ?? {};
    const { module } = plan.models['judge'] ?? {};
    if (recording === undefined || module === undefined) throw new Error('Something was not stored.');
    expect(Buffer.from(await content.get(recording.digest))).toEqual(
      await readFile(path.join(folder.path, 'answers.jsonl')),
    );
    expect(new TextDecoder().decode(await content.get(module.bundle.digest))).not.toContain(': string');
    expect(checked).toEqual([`${module.bundle.digest} default`]);
  });

  test('has the same keys and the same digest when nothing is stored', async () => {
    const source = changeHost({ 'tasks.0.definition.dataset.key': 'other-rows' });
    const stored = await build(source);
    const dry = await build(source, { content: createDryContentStore(undefined) });
    expect(dry).toEqual(stored);
  });

  test('does not depend on the size of segments, but for how rows are cut', async () => {
    const keys = async (segmentSize: number) => {
      const { plan, planDigest } = await build(changeHost({}), { segmentSize });
      return [planDigest, ...plan.tasks.flatMap((task) => [task.solver_key, task.result_key])];
    };
    expect(await keys(1)).toEqual(await keys(100));
  });

  test('says a warning once, however many specifications meet it', async () => {
    const samples = [{ sample_id: 'same' }, { sample_id: 'same' }];
    const { warnings } = await build(changeHost({ ...twoSpecifications, 'datasets.0.source.samples': samples }));
    expect(warnings.filter((warning) => warning.includes('sample_id'))).toHaveLength(1);
  });

  test('selects rows for each specification', async () => {
    const { plan } = await build(
      changeHost({
        'evaluation.task_specifications': [
          { key: 'all', task_key: 'task', model_key: 'subject' },
          { key: 'one', task_key: 'task', model_key: 'subject', num_samples: 1 },
          { key: 'more', task_key: 'task', model_key: 'subject', num_samples: 99 },
        ],
      }),
    );
    expect(plan.tasks.map(({ dataset }) => [dataset.count, dataset.segment_count])).toEqual([
      [3, 2],
      [1, 1],
      [3, 2],
    ]);
    expect(new Set(plan.tasks.map(({ dataset }) => dataset.version)).size).toBe(1);
    expect(new Set(plan.tasks.map((task) => task.solver_key)).size).toBe(3);
  });
});

describe('everything that is wrong', () => {
  test('is reported at once, and once each', async () => {
    const problems = await failToBuild(
      changeHost({
        ...twoSpecifications,
        'models.0.config': { connection_type: 'recorded', file_path: 'missing.jsonl' },
        'datasets.0.source': { type: 'local', file_path: 'missing.csv' },
      }),
    );
    expect(problems.map(({ message }) => /missing\.\w+/.exec(message)?.[0] ?? message).toSorted()).toEqual([
      'missing.csv',
      'missing.jsonl',
    ]);
  });

  test('has a place in the file', async () => {
    await folder.write(
      'run.yaml',
      changeHost({ 'models.0.config': { connection_type: 'recorded', file_path: 'missing.jsonl' } }),
    );
    const [problem] = await failToBuild('run.yaml');
    expect(problem?.location).toMatchObject({ file: 'run.yaml', line: expect.any(Number) });
  });

  test('includes a module that does not load', async () => {
    await folder.write('broken.ts', 'export default 1;\n');
    const check = () => Promise.reject(new EvaluationError('module-invalid', 'It exports no function.'));
    const source = changeHost({ 'models.0.config': { connection_type: 'typescript', module: 'broken.ts' } });
    expect(await failToBuild(source, { modules: { check } })).toMatchObject([{ code: 'module-invalid' }]);
  });

  test('is not mixed up with faults of the program, which are thrown as they are', async () => {
    const content = { ...createMemoryContentStore(), put: () => Promise.reject(new Error('no space left')) };
    await expect(build(changeHost({}), { content })).rejects.toThrow('no space left');
  });
});
