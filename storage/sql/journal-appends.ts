import type { Answer } from '../../evaluation/model-io.ts';
import type { JournalAnswer, JournalOutcome, SegmentId, SegmentWork } from '../journal.ts';

export interface WaitingAnswer {
  readonly kind: 'answer';
  readonly segment: SegmentWork;
  readonly answer: JournalAnswer;
  readonly resolve: (stands: Answer) => void;
  readonly reject: (error: unknown) => void;
  /** An outcome of its sample has come that holds it: the row need not be written. */
  isWithdrawn: boolean;
}

export interface WaitingOutcome {
  readonly kind: 'outcome';
  readonly segment: SegmentWork;
  readonly outcome: JournalOutcome;
  /** Where the outcome does not stand, they are to be written after all. */
  readonly withdrawn: readonly WaitingAnswer[];
  readonly resolve: (stands: string) => void;
  readonly reject: (error: unknown) => void;
}

export type WaitingAppend = WaitingAnswer | WaitingOutcome;

/** What is appended to a journal, on its way into the queue whose commits write it and settle it. */
export class JournalAppends {
  readonly #queue: { add(append: WaitingAppend): void };
  /** Answers that wait for their commit, by sample. */
  readonly #waitingAnswers = new Map<string, WaitingAnswer[]>();

  constructor(queue: { add(append: WaitingAppend): void }) {
    this.#queue = queue;
  }

  appendAnswer(segment: SegmentWork, answer: JournalAnswer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry: WaitingAnswer = { kind: 'answer', segment, answer, resolve, reject, isWithdrawn: false };
      const sample = nameSample(segment, answer.sampleIndex);
      const waiting = this.#waitingAnswers.get(sample);
      if (waiting === undefined) this.#waitingAnswers.set(sample, [entry]);
      else waiting.push(entry);
      this.#queue.add(entry);
    });
  }

  appendOutcome(segment: SegmentWork, outcome: JournalOutcome): Promise<string> {
    return new Promise((resolve, reject) => {
      const sample = nameSample(segment, outcome.sampleIndex);
      const withdrawn = this.#waitingAnswers.get(sample) ?? [];
      this.#waitingAnswers.delete(sample);
      for (const answer of withdrawn) answer.isWithdrawn = true;
      this.#queue.add({ kind: 'outcome', segment, outcome, withdrawn, resolve, reject });
    });
  }

  /** A commit of everything that waits begins: none of it can be withdrawn any more. */
  beginCommit(): void {
    this.#waitingAnswers.clear();
  }
}

function nameSample({ taskResultId, stage, segmentIndex }: SegmentId, sampleIndex: number): string {
  return `${taskResultId} ${stage} ${segmentIndex} ${sampleIndex}`;
}
