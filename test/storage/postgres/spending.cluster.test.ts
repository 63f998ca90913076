import { createDatabase, describeOnPostgres } from '../../support/services/shared-services.ts';
import { describeSpendingFaults } from '../conformance/spending-faults.ts';

describeOnPostgres('processes on one PostgreSQL store', () => describeSpendingFaults(createDatabase));
