import { defineConfig } from 'vitest/config';

/**
 * Files of the default suite that run again on stores in PostgreSQL, and on PostgreSQL with blobs in S3. Not among them is
 * what looks into, damages, copies or fills the directory of a store: integrity, kill-points, lost-temporal, power-loss
 * and sick-store, whose counterparts for these stores are in test/storage.
 */
const onOtherStores = [
  'test/end-to-end/kill.fault.test.ts',
  'test/end-to-end/model-faults.fault.test.ts',
  'test/end-to-end/resume.fault.test.ts',
  'test/end-to-end/resume.integration.test.ts',
  'test/end-to-end/shared-limits.fault.test.ts',
  'test/end-to-end/stopping.fault.test.ts',
  'test/end-to-end/terminate.fault.test.ts',
  'test/end-to-end/verdicts.integration.test.ts',
];

const common = {
  pool: 'forks' as const,
  hookTimeout: 120_000,
  testTimeout: 120_000,
};

function onStore(store: 'postgres' | 'postgres+s3') {
  return {
    test: {
      ...common,
      name: store,
      include: onOtherStores,
      setupFiles: ['test/support/stores/prepare-stores.ts'],
      env: { STET_TEST_STORE: store },
    },
  };
}

/** What needs more than one machine has on its own: PostgreSQL, S3, several workers. */
export default defineConfig({
  test: {
    // PostgreSQL and S3, started once for all projects. The first time, versitygw is built.
    globalSetup: ['test/support/services/start-services.ts'],
    teardownTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default'],
    projects: [
      { test: { ...common, name: 'cluster', include: ['test/**/*.cluster.test.ts'] } },
      onStore('postgres'),
      onStore('postgres+s3'),
    ],
  },
});
