import type { OpenAiTestServer } from './openai-test-server.ts';
import type { StartedCli } from './run-cli.ts';

/** Resolves once the server has got so many requests; rejects when the command ends before that. */
export async function waitForRequests(server: OpenAiTestServer, count: number, started: StartedCli): Promise<void> {
  let hasEnded = false;
  const ended = started.ended.then((result) => {
    hasEnded = true;
    return result;
  });
  while (server.count() < count) {
    if (hasEnded) throw new Error(`The command ended early:\n${(await ended).stderr}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
