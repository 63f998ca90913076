import { createStet } from '../client/create-stet.ts';
import type { Stet } from '../client/stet.ts';
import { createHost } from './create-host.ts';
import type { HostOptions } from './host-options.ts';

export interface OpenStetOptions extends HostOptions {}

/**
 * Opens the library on a store directory. Temporal is reached, or started or joined, when the first run needs it; `close`
 * lets go of everything, and the last process out stops the server that Stet brought.
 */
export async function openStet(options: OpenStetOptions = {}): Promise<Stet> {
  return createStet(createHost(options));
}
