import { describeStore } from './conformance.ts';
import { openTemporaryStore } from './open-temporary-store.ts';

describeStore('SQLite', () => openTemporaryStore());
