import type { Lease, LeaseRequest } from '../contracts/limit-leases.ts';
import type { ProcessRecord } from './run-log.ts';

/** Who asks, and how it can be told that another process of the store has ended. */
export interface LeaseHolder {
  readonly processId: string;
  isAlive(process: ProcessRecord): boolean;
}

/**
 * Who may send how much, over all processes and runs of the store. Every method is one transaction.
 *
 * At no moment are more slots given than the limit, nor more moments of sending than the rate has; what a process held
 * that has ended, or has not asked for ten seconds, is given to the others.
 */
export interface LimitLedger {
  renew(request: LeaseRequest, holder: LeaseHolder): Promise<Lease>;
  release(group: string, holderId: string): Promise<void>;
}
