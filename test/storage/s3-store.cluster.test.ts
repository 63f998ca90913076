import { describeOnPostgresAndS3 } from '../support/services/shared-services.ts';
import { describeStore } from './conformance.ts';
import { openTemporaryS3Store } from './open-temporary-s3-store.ts';

describeOnPostgresAndS3('on real servers', () => {
  describeStore('PostgreSQL and S3', openTemporaryS3Store);
});
