import type { ServerHandle } from './ensure-server.ts';

const INTERVAL_MS = 500;

/** Brings the server back when it dies under a command that lives; workers and clients find it again by themselves. */
export function watchServer(
  server: Pick<ServerHandle, 'revive'>,
  onNotice: (line: string) => void,
): { stop(): Promise<void> } {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let look: Promise<void> = Promise.resolve();
  const schedule = (): void => {
    timer = setTimeout(() => {
      look = server
        .revive()
        .then(({ restarted }) => {
          if (restarted) onNotice('The embedded Temporal server was gone and has been started again.');
        })
        .catch((error: unknown) => onNotice(error instanceof Error ? error.message : String(error)))
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
