import { describeOnPostgres } from '../support/services/shared-services.ts';
import { describeStore } from './conformance.ts';
import { openTemporaryPostgresStore } from './open-temporary-postgres-store.ts';

describeOnPostgres('on a real server', () => {
  describeStore('PostgreSQL', openTemporaryPostgresStore);
});
