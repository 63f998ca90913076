import type { Command } from 'commander';
import type { StartWorkerOptions } from '../command-context.ts';
import { addStoreOptions } from './store-options.ts';

/** What `up` and `worker` have in common. */
export interface ServeFlags {
  readonly store?: string;
  readonly json?: boolean;
  readonly health?: string;
  readonly metrics?: string;
}

export function addServeOptions(command: Command): Command {
  return addStoreOptions(command)
    .option('--health <address>', 'answer /healthz and /readyz there: a port on loopback, or host:port')
    .option('--metrics <address>', 'show metrics for Prometheus there: a port on loopback, or host:port');
}

export function toServeOptions({
  store,
  health,
  metrics,
}: ServeFlags): Pick<StartWorkerOptions, 'store' | 'health' | 'metrics'> {
  return {
    ...(store === undefined ? {} : { store }),
    ...(health === undefined ? {} : { health }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}
