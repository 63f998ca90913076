export { checkSecrets } from './check-secrets.ts';
export type { ConfigPath } from './config-node.ts';
export type { Warning } from './problems.ts';
export type { Environment } from './read-environment.ts';
export { readEnvironment } from './read-environment.ts';
export { type ReadOptions, readRunFile } from './read-run-file.ts';
export type { LocatedKind, ResolvedRun, ResolvedTask } from './resolved-run.ts';
