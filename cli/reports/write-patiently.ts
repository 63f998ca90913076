import { once } from 'node:events';
import type { TextOutput } from '../command-context.ts';

/**
 * Writes and waits until the reader keeps up, so that no more than a buffer is ever held.
 *
 * @returns whether anybody still reads: a reader that has gone, as in `stet export … | head`, is no error.
 */
export async function writePatiently(output: TextOutput, text: string): Promise<boolean> {
  if (isGone(output)) return false;
  const hasRoom = output.write(text);
  if (hasRoom === false && isStream(output)) {
    await Promise.race([once(output, 'drain'), once(output, 'close')]).catch(() => undefined);
  }
  return !isGone(output);
}

function isGone({ destroyed }: TextOutput): boolean {
  return destroyed === true;
}

function isStream(output: TextOutput): output is TextOutput & NodeJS.EventEmitter {
  return typeof Reflect.get(output, 'once') === 'function';
}
