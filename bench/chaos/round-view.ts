import type { Evaluation } from './evaluation.ts';
import { foreseeQuestions } from './expect-queries.ts';
import type { Knowledge } from './knowledge.ts';
import { formatNumber } from './report.ts';
import type { Service } from './start-service.ts';

/** Where in a run a fault falls. */
export const phases = ['starting', 'deciding', 'solving', 'solving and scoring', 'scoring', 'publishing'] as const;
export type Phase = (typeof phases)[number];

/** What can be seen of a round from outside: what was said and what was asked. */
export interface RoundView {
  readonly phase: Phase;
  /** Different questions that are still to be answered, and those of solvers and judges that have been. */
  readonly left: number;
  readonly solved: number;
  readonly judged: number;
  readonly isEverythingSolved: boolean;
  readonly isEverythingAnswered: boolean;
  describeProgress(): string;
}

export function createRoundView(
  evaluations: readonly Evaluation[],
  { known, service, hasRun }: { known: Knowledge; service: Service; hasRun: () => boolean },
): RoundView {
  const policy = evaluations[0]?.policy ?? 'reuse';
  const foreseen = foreseeQuestions(policy, evaluations, known);
  const total = foreseen.solve + foreseen.score;
  const judged = () => service.progress.answeredByRole.verdict + service.progress.answeredByRole.grade;
  return {
    get phase() {
      if (!hasRun()) return 'starting';
      if (this.isEverythingAnswered) return 'publishing';
      if (service.progress.answered === 0) return 'deciding';
      if (this.isEverythingSolved) return 'scoring';
      return judged() > 0 ? 'solving and scoring' : 'solving';
    },
    get left() {
      return Math.max(0, total - service.progress.answered);
    },
    get solved() {
      return service.progress.answeredByRole.solve;
    },
    get judged() {
      return judged();
    },
    get isEverythingSolved() {
      return service.progress.answeredByRole.solve >= foreseen.solve;
    },
    get isEverythingAnswered() {
      return service.progress.answered >= total;
    },
    describeProgress: () => `${formatNumber(service.progress.answered)} of ${formatNumber(total)} questions answered`,
  };
}
