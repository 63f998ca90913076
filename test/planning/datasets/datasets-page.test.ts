import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { datasetSchema } from '../../../evaluation/spec/datasets.ts';

describe('docs/datasets.md', () => {
  it('shows datasets that the schema accepts', async () => {
    const page = await readFile(new URL('../../../docs/datasets.md', import.meta.url), 'utf8');
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { datasets } = z.object({ datasets: z.array(datasetSchema) }).parse(parse(yaml ?? ''));
    expect(datasets.map(({ source }) => source.type)).toEqual(['local', 'inline']);
  });
});
