import type { Stet } from '../client/stet.ts';
import type { CommandContext } from './command-context.ts';
import { openStore, type StoreFlags } from './options/store-options.ts';

/** Opens the store for the time of one piece of work. */
export async function withStore<T>(
  context: CommandContext,
  flags: StoreFlags,
  work: (stet: Stet) => Promise<T>,
): Promise<T> {
  const stet = await openStore(context, flags);
  try {
    return await work(stet);
  } finally {
    await stet.close();
  }
}
