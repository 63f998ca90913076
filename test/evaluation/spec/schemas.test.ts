import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { filterSchema } from '../../../evaluation/spec/filters.ts';
import { modelSchema } from '../../../evaluation/spec/models.ts';
import { baseUrlVariable, type ProviderId, providerIds, providers } from '../../../evaluation/spec/providers.ts';
import {
  type RunConfig,
  runConfigSchema,
  runFileSchema,
  taskSpecificationSchema,
} from '../../../evaluation/spec/run-file.ts';
import { scorerSchema } from '../../../evaluation/spec/scorers.ts';
import { definitionSchema } from '../../../evaluation/spec/tasks.ts';

describe('the schemas of the run config', () => {
  it('fill in the type that is meant when none is written', () => {
    expect(taskSpecificationSchema.parse({ task_key: 't' })).toMatchObject({ type: 'standard', task_config: {} });
    expect(modelSchema.parse({ key: 'm', config: { url: 'https://example.org' } }).config).toMatchObject({
      connection_type: 'custom_connection',
      adapter: { key: 'latticeflow$identity' },
    });
    expect(
      definitionSchema.parse({ dataset: { key: 'd' }, solver: { type: 'pass_through_solver', trace_column: 't' } }),
    ).toMatchObject({ type: 'benchmark_task', dataset: { source: 'dataset', key: 'd' }, scorers: [], actions: [] });
  });

  it('fill in what the format gives as defaults', () => {
    expect(runFileSchema.parse({})).toEqual({
      secrets: {},
      model_adapters: [],
      models: [],
      datasets: [],
      tasks: [],
      config: {},
      run_config: { num_samples: null, subsampling: 'head', cache_policy: 'reuse', seed: 0 },
      limits: { max_sample_errors: 0, outage_patience_s: 1_800 },
      reuse: { answers: 'off' },
    });
    expect(scorerSchema.parse({ type: 'numeric_equals', ground_truth: '1' })).toEqual({
      type: 'numeric_equals',
      purpose: 'score',
      ground_truth: '1',
      extract: 'last',
      tolerance: 0,
      relative_tolerance: 0,
    });
    expectTypeOf<RunConfig['num_samples']>().toEqualTypeOf<number | null>();
  });

  it.each<readonly [z.ZodType, unknown]>([
    [runConfigSchema, { num_samples: 1, other: 1 }],
    [filterSchema, { op: 'equals', expression: '{{ a }}', values: [1] }],
    [filterSchema, { op: 'in', expression: '{{ a }}', value: 1 }],
    [filterSchema, { op: 'exists', expression: '{{ a }}', value: 1 }],
    [scorerSchema, { type: 'string_equals', ground_truth: 'x', choices: [] }],
    [modelSchema, { key: 'm', config: { url: 'https://example.org', api_key: 'literal' } }],
    [modelSchema, { key: 'a b', config: { connection_type: 'placeholder' } }],
    [scorerSchema, { type: 'regex_match', pattern: '\\p{Nope}' }],
  ])('refuse what does not belong there (%#)', (schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('know the providers with their key variables and addresses', () => {
    expect(providerIds).toEqual(['openai', 'anthropic', 'gemini', 'together', 'fireworks', 'novita', 'sambanova']);
    expect(providers.novita).toEqual({
      keyVariable: 'NOVITA_API_KEY',
      baseUrl: 'https://api.novita.ai/openai/v1',
      protocol: 'openai',
    });
    expect(providers.anthropic.protocol).toBe('anthropic');
    expect(baseUrlVariable('together')).toBe('TOGETHER_BASE_URL');
    expectTypeOf<ProviderId>().toExtend<string>();
  });
});
