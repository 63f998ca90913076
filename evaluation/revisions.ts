// Revision numbers of what is not a type of solver, scorer or metric, in one place for the fingerprints (format 20).
export { actionRevision } from './actions/action-revision.ts';
export { filterRevision } from './filters/filter-revision.ts';
export { judgeRevision } from './scorers/judge/judge-revision.ts';
export { templateEngineRevision } from './template/template-engine-revision.ts';
export { aggregatorRevision } from './trials/aggregator-revision.ts';
