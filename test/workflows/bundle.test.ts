import { readFile } from 'node:fs/promises';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/index.ts';

const bundlePath = new URL('../../dist/workflow-bundle.js', import.meta.url);
const SIZE_LIMIT_BYTES = 2_500_000;

describe('the workflow bundle', () => {
  it('exports exactly the workflows that Temporal may start', () => {
    expect(Object.keys(workflows).sort()).toEqual([
      'evaluationWorkflow',
      'scheduledEvaluationWorkflow',
      'taskResultWorkflow',
    ]);
  });

  it('is valid JavaScript that contains them and nothing of Node, zod or the store', async () => {
    const code = await readFile(bundlePath, 'utf8');
    expect(() => new vm.Script(code)).not.toThrow();
    expect(code).toContain('evaluationWorkflow');
    expect(code).toContain('taskResultWorkflow');
    for (const foreign of ['node_modules/zod/', 'node_modules/libsql/', 'node_modules/minijinja-js/']) {
      expect(code).not.toContain(foreign);
    }
  });

  it('stays small: every cached workflow evaluates it again', async () => {
    const code = await readFile(bundlePath);
    expect(code.byteLength).toBeLessThan(SIZE_LIMIT_BYTES);
  });
});
