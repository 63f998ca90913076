import { answerCapital } from './capital-run.ts';
import { type OpenAiTestServer, startOpenAiTestServer, type TestRequest } from './openai-test-server.ts';

/** A model that can be told to hold its answers back, so that runs are half done for as long as a test needs it. */
export interface HalfAnsweringModel extends OpenAiTestServer {
  /**
   * From now on so many requests to each address (see `atPath`) are answered at once, and those after them when `answerAll`
   * is called.
   */
  holdBackAfter(more: number): void;
  answerAll(): void;
  /** Resolves once so many requests are being held back. */
  untilHeld(count: number): Promise<void>;
  /** Base address of the same model under another name, with a count of its own. */
  atPath(name: string): string;
}

/** @param answer - What is answered, once it is; the capital that is asked for by default. */
export async function startHalfAnsweringModel(
  answer: (request: TestRequest) => string = ({ prompt }) => answerCapital(prompt),
): Promise<HalfAnsweringModel> {
  let limit = Number.POSITIVE_INFINITY;
  let begun = new Map<string, number>();
  let held: (() => void)[] = [];
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const notify = (): void => {
    const met = waiting.filter(({ count }) => count <= held.length);
    waiting = waiting.filter(({ count }) => count > held.length);
    for (const { resolve } of met) resolve();
  };
  const server = await startOpenAiTestServer({
    async answer(request) {
      const earlier = begun.get(request.path) ?? 0;
      begun.set(request.path, earlier + 1);
      if (earlier >= limit) {
        await new Promise<void>((resolve) => {
          held.push(resolve);
          notify();
        });
      }
      return answer(request);
    },
  });
  return Object.assign(server, {
    holdBackAfter(more: number) {
      limit = more;
      begun = new Map();
    },
    answerAll() {
      limit = Number.POSITIVE_INFINITY;
      for (const resolve of held) resolve();
      held = [];
    },
    atPath: (name: string) => `${server.baseUrl}/${name}`,
    untilHeld(count: number) {
      return new Promise<void>((resolve) => {
        waiting.push({ count, resolve });
        notify();
      });
    },
  });
}
