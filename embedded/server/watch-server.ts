import type { ServerHandle } from './ensure-server.ts';

const INTERVAL_MS = 500;
/** How long a server that does not come back is tried for: time to make room on a disk, or to end what is in its way. */
const PATIENCE_MS = 60_000;

/**
 * Brings the server back when it dies under a command that lives; workers and clients find it again by themselves.
 *
 * @param onLost - Called once, with the reason, when it could not be brought back for a minute: nothing goes on then.
 */
export function watchServer(
  server: Pick<ServerHandle, 'revive'>,
  onNotice: (line: string) => void,
  onLost: (reason: unknown) => void,
  now: () => number = () => performance.now(),
): { stop(): Promise<void> } {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let look: Promise<void> = Promise.resolve();
  let failing: { readonly sinceMs: number; readonly message: string } | undefined;
  const failed = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    // Twice a second the same would be no news.
    if (message !== failing?.message) onNotice(message);
    failing = { sinceMs: failing?.sinceMs ?? now(), message };
    if (now() - failing.sinceMs < PATIENCE_MS) return;
    isStopped = true;
    onLost(error);
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      look = server
        .revive()
        .then(({ restarted }) => {
          failing = undefined;
          if (restarted) onNotice('The embedded Temporal server was gone and has been started again.');
        })
        .catch(failed)
        .finally(() => {
          if (!isStopped) schedule();
        });
    }, INTERVAL_MS);
  };
  schedule();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await look;
    },
  };
}
