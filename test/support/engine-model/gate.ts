import {
  type OpenAiTestServer,
  startOpenAiTestServer,
  type TestAnswer,
  type TestRequest,
} from '../openai-test-server.ts';
import { answerJudge, answerSolver } from './settings.ts';

export const stages = ['solve', 'judge'] as const;
export type QueryStage = (typeof stages)[number];

/** How many more queries of a stage are answered before the rest is held. */
export type Allowance = Readonly<Record<QueryStage, number>>;

/** A query as it arrived, and what became of it. */
export interface GateQuery {
  /** Whose credential it carried: names a command of the test, hence a run. */
  readonly mark: string;
  readonly stage: QueryStage;
  readonly row: number;
  state: 'held' | 'answered' | 'dropped';
  isRefused: boolean;
}

/**
 * A model whose answers are known, and which holds queries until it is told to answer: "in the middle" is then exact. It
 * knows by credential on behalf of which run a query is sent.
 */
export interface Gate extends AsyncDisposable {
  readonly baseUrl: string;
  readonly queries: readonly GateQuery[];
  /** The row about which every query to the solver is refused for good. */
  failingRow: number | null;
  allow(mark: string, allowance: Allowance): void;
  /** Answers what is held, and leaves the allowance as it is. */
  answerHeld(mark: string): void;
  /** Nobody is left who waits for these. */
  drop(lost: readonly GateQuery[]): void;
}

export async function startGate(): Promise<Gate> {
  const allowances = new Map<string, Record<QueryStage, number>>();
  const queries: GateQuery[] = [];
  const held = new Map<GateQuery, (answer: TestAnswer) => void>();
  let failingRow: number | null = null;

  const finish = (query: GateQuery, request: TestRequest): TestAnswer => {
    query.state = 'answered';
    query.isRefused = query.stage === 'solve' && query.row === failingRow;
    return query.isRefused ? { status: 400, content: 'This row is refused.' } : answer(query, request);
  };
  const requests = new Map<GateQuery, TestRequest>();
  const server: OpenAiTestServer = await startOpenAiTestServer({
    answer(request) {
      const query = readQuery(request);
      queries.push(query);
      const allowance = allowances.get(query.mark);
      if (allowance !== undefined && allowance[query.stage] > 0) {
        allowance[query.stage]--;
        return finish(query, request);
      }
      requests.set(query, request);
      return new Promise<TestAnswer>((resolve) => held.set(query, resolve));
    },
  });
  const takeHeld = (mark: string) => [...held].filter(([query]) => query.mark === mark);

  return {
    baseUrl: server.baseUrl,
    queries,
    get failingRow() {
      return failingRow;
    },
    set failingRow(row) {
      failingRow = row;
    },
    allow: (mark, allowance) => void allowances.set(mark, { ...allowance }),
    answerHeld(mark) {
      for (const [query, resolve] of takeHeld(mark)) {
        held.delete(query);
        const request = requests.get(query);
        if (request !== undefined) resolve(finish(query, request));
      }
    },
    drop(lost) {
      for (const query of lost) {
        held.get(query)?.({ fault: 'reset' });
        held.delete(query);
        query.state = 'dropped';
      }
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function readQuery({ headers, body, prompt }: TestRequest): GateQuery {
  const mark = String(headers['authorization']).replace('Bearer ', '');
  const stage = body.model === 'judge-1' ? 'judge' : 'solve';
  const row = Number((stage === 'judge' ? /Row c(\d+)/ : /Country (\d+)/).exec(prompt)?.[1]);
  return { mark, stage, row, state: 'held', isRefused: false };
}

function answer({ stage, row }: GateQuery, { body, prompt }: TestRequest): string {
  const temperature = Number(body['temperature']);
  if (stage === 'judge') {
    const [, given = '', truth = ''] = /is "(.*)" the same as "(.*)"/.exec(prompt) ?? [];
    return JSON.stringify({ prediction: answerJudge({ answer: given, truth, temperature }) });
  }
  const system = String(body.messages?.find(({ role }) => role === 'system')?.content);
  return answerSolver({
    row,
    isOld: prompt.includes('of old'),
    prompt: Number(/Style (\d+)/.exec(system)?.[1]),
    temperature,
  });
}
