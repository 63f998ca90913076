import { vi } from 'vitest';
import { startOpenAiTestServer, type TestRequest } from './openai-test-server.ts';

const names = ['small-1', 'judge-1'] as const;
type ModelName = (typeof names)[number];

/** What a model was asked and said it took. */
export interface ServiceBook {
  readonly requests: number;
  /** Of these, those that were refused for now. */
  readonly refused: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
}

type ServiceBooks = Readonly<Record<ModelName, ServiceBook>>;

/** Refuses with a status, or answers without saying what it took. */
export type ServiceFaults = (request: TestRequest) => number | 'no usage' | undefined;

const empty: ServiceBook = { requests: 0, refused: 0, promptTokens: 0, completionTokens: 0, cachedTokens: 0 };

/**
 * A service with two models, which says of each answer what it took, differently for every prompt, and keeps its own books.
 * `small-1` names capitals, `judge-1` finds everything right.
 */
export async function startMeteredService() {
  let books: ServiceBooks = { 'small-1': empty, 'judge-1': empty };
  let faults: ServiceFaults = () => undefined;
  let hold: { readonly isHeld: (request: TestRequest) => boolean; readonly ended: Promise<void> } | undefined;
  const heldRequests: ServiceBook[] = [];

  const add = (name: ModelName, added: Partial<ServiceBook>): void => {
    const sum = { ...books[name] };
    for (const key of Object.keys(added) as (keyof ServiceBook)[]) sum[key] += added[key] ?? 0;
    books = { ...books, [name]: sum };
  };

  const server = await startOpenAiTestServer({
    async answer(request) {
      const { prompt, body } = request;
      const name = body.model as ModelName;
      const fault = faults(request);
      add(name, { requests: 1, refused: fault === 503 ? 1 : 0 });
      const number = Number(/\d+/.exec(prompt)?.[0] ?? 0);
      const cachedTokens = number % 3 === 0 ? 5 : 0;
      const took = { promptTokens: 20 + number, completionTokens: 1 + (number % 4), cachedTokens };
      if (hold?.isHeld(request) === true) {
        heldRequests.push({ ...empty, ...took });
        await hold.ended;
      }
      if (typeof fault === 'number') return { status: fault, content: 'no' };
      if (fault !== 'no usage') add(name, took);
      const content = name === 'judge-1' ? 'right' : `Capital ${number}`;
      return { body: makeBody(name, content, fault === 'no usage' ? undefined : took) };
    },
  });

  return {
    baseUrl: server.baseUrl,
    close: () => server.close(),
    setFaults(next: ServiceFaults) {
      faults = next;
    },
    read: () => books,
    readSince(before: ServiceBooks): ServiceBooks {
      const since = (name: ModelName): ServiceBook => {
        const [now, then] = [books[name], before[name]];
        return {
          requests: now.requests - then.requests,
          refused: now.refused - then.refused,
          promptTokens: now.promptTokens - then.promptTokens,
          completionTokens: now.completionTokens - then.completionTokens,
          cachedTokens: now.cachedTokens - then.cachedTokens,
        };
      };
      return { 'small-1': since('small-1'), 'judge-1': since('judge-1') };
    },
    /** Such answers do not leave until what it returns is called. */
    holdAnswers(isHeld: (request: TestRequest) => boolean = () => true): () => void {
      let release = (): void => {};
      const ended = new Promise<void>((resolve) => {
        release = resolve;
      });
      hold = { isHeld, ended };
      return () => {
        hold = undefined;
        release();
      };
    },
    /** What was said in answers that were held. */
    heldBook(): Pick<ServiceBook, 'promptTokens' | 'completionTokens'> {
      const sum = (field: 'promptTokens' | 'completionTokens') =>
        heldRequests.reduce((total, book) => total + book[field], 0);
      return { promptTokens: sum('promptTokens'), completionTokens: sum('completionTokens') };
    },
    async waitForHeld(count: number): Promise<void> {
      await vi.waitUntil(() => heldRequests.length >= count, { timeout: 60_000, interval: 5 });
    },
  };
}

function makeBody(
  model: string,
  content: string,
  took: Pick<ServiceBook, 'promptTokens' | 'completionTokens' | 'cachedTokens'> | undefined,
) {
  return {
    model,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    ...(took === undefined
      ? {}
      : {
          usage: {
            prompt_tokens: took.promptTokens,
            completion_tokens: took.completionTokens,
            prompt_tokens_details: { cached_tokens: took.cachedTokens },
          },
        }),
  };
}
