export type { WhereTask } from './check-names.ts';
export { compileWhere, type Where } from './compile-where.ts';
export { makeWhereSubject, type RecordedSample, type WhereSubject, whereNames } from './where-subject.ts';
