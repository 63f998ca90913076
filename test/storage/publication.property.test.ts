import { describePublication } from './conformance/publication-laws.ts';
import { openTemporaryStore } from './open-temporary-store.ts';

describePublication(openTemporaryStore, { numRuns: 30 });
