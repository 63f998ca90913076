import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need PostgreSQL, S3 or several workers: vitest.cluster.config.ts.
    exclude: [...configDefaults.exclude, 'test/**/*.cluster.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 60_000,
    testTimeout: 60_000,
    reporters: ['default'],
  },
});
