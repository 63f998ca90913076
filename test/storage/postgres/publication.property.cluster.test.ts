import { describeOnPostgres } from '../../support/services/shared-services.ts';
import { describePublication } from '../conformance/publication-laws.ts';
import { openTemporaryPostgresStore } from '../open-temporary-postgres-store.ts';

describeOnPostgres('in a PostgreSQL store', () => {
  // Each step is some round trips, and each publication a commit.
  describePublication(openTemporaryPostgresStore, { numRuns: 6 });
});
