import { describeOnPostgres } from '../support/services/shared-services.ts';
import { describeDatasetCache } from './conformance/dataset-cache-suite.ts';
import { describeJournal } from './conformance/journal-suite.ts';
import { describeReopening } from './conformance/reopening-suite.ts';
import { describeResultIndex } from './conformance/result-index-suite.ts';
import { makeKeyText, makeRing } from './encryption/make-keys.ts';
import { openTemporaryPostgresStore } from './open-temporary-postgres-store.ts';

// The suites of whatever holds content; PostgreSQL has a journal of its own.
describeOnPostgres('encrypted PostgreSQL store', () => {
  const open = () => openTemporaryPostgresStore({ keys: makeRing(makeKeyText('k1')) });
  describeJournal(open);
  describeReopening(open);
  describeResultIndex(open);
  describeDatasetCache(open);
});
