import { nameQuestion, type Question } from './questions.ts';
import type { Books, Delivery, DeliveryEnd, ServiceProgress } from './service-protocol.ts';

/** A request on its way; `end` is heard of once. */
export interface OpenDelivery {
  readonly question: string;
  /** How often the question came before, from 0. */
  readonly arrival: number;
  end(how: DeliveryEnd): void;
}

/** Counts every request of a round under its question. */
export interface ServiceBooks {
  begin(question: Question, process: string, body: string): OpenDelivery;
  noteOddity(text: string): void;
  readonly progress: ServiceProgress;
  read(): Books;
}

/** More of them say nothing new, and a mistake could make millions. */
const mostOddities = 20;

export function openBooks(): ServiceBooks {
  const deliveries = new Map<string, Delivery[]>();
  const texts = new Map<string, string>();
  const answered = new Set<string>();
  const answeredByRole = { solve: 0, verdict: 0, grade: 0 };
  const oddities: string[] = [];
  let received = 0;
  let inFlight = 0;
  let lastProcess: string | null = null;

  const noteOddity = (text: string) => {
    if (oddities.length < mostOddities) oddities.push(text);
  };

  return {
    begin(question, process, body) {
      const name = nameQuestion(question);
      const known = deliveries.get(name) ?? [];
      deliveries.set(name, known);
      const text = texts.get(name) ?? body;
      texts.set(name, text);
      if (text !== body) noteOddity(`${name} came with two texts: ${text} and ${body}`);
      const arrival = known.length;
      const delivery: { process: string; end: Delivery['end'] } = { process, end: 'waiting' };
      known.push(delivery);
      received++;
      inFlight++;
      lastProcess = process;
      return {
        question: name,
        arrival,
        end(how) {
          if (delivery.end !== 'waiting') return;
          delivery.end = how;
          inFlight--;
          if (how !== 'answered' || answered.has(name)) return;
          answered.add(name);
          answeredByRole[question.role]++;
        },
      };
    },
    noteOddity,
    get progress() {
      return { received, answered: answered.size, answeredByRole: { ...answeredByRole }, inFlight, lastProcess };
    },
    read: () => ({ questions: Object.fromEntries(deliveries), oddities }),
  };
}
