import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { Evaluation, TaskName } from './evaluation.ts';
import type { Random } from './random.ts';

/** What is evaluated next: which rows and which scoring sections are present. */
export interface Contents {
  readonly editions: Readonly<Record<TaskName, number>>;
  readonly rubric: number;
}

/** `fresh`: other rows · `rescored`: other scoring sections · `again`: nothing is new. */
export type RoundKind = 'fresh' | 'rescored' | 'again';

export interface Round {
  readonly kind: RoundKind;
  readonly contents: Contents;
  readonly main: Evaluation;
  /** What a second command works on at the same time, if there is one: `main` itself or something like it. */
  readonly neighbour: Evaluation | undefined;
}

/** What is worked on in a round, the main evaluation first. */
export function listEvaluations({ main, neighbour }: Round): readonly Evaluation[] {
  return neighbour === undefined ? [main] : [main, neighbour];
}

/** In one line, for people. */
export function describeRound({ kind, main, neighbour }: Round): string {
  const what = { fresh: 'new rows', rescored: 'other scorers', again: 'the same again' }[kind];
  const second = neighbour === undefined ? '' : neighbour === main ? ', twice at once' : ', beside another file';
  return `${what}, ${main.policy}${second}`;
}

export const firstContents: Contents = { editions: { plain: 0, trials: 0, judged: 0, lone: 0 }, rubric: 0 };

/** What is worked on beside the main evaluation: nothing, the same, or another one. */
const secondWeights: Readonly<Record<'none' | 'same' | 'other', number>> = { none: 45, same: 25, other: 30 };

/** The evaluation of the next round, made from that of the last one. */
export function drawRound(
  last: Contents,
  random: Random,
  { kind: mustBe, seconds = secondWeights }: { kind?: RoundKind | undefined; seconds?: typeof secondWeights } = {},
): Round {
  const kind = mustBe ?? random.weighted<RoundKind>({ fresh: 55, rescored: 25, again: 20 });
  const contents = changeContents(kind, last, random);
  const policy = random.weighted<CachePolicy>({ reuse: 75, update: 15, 'no-cache': 10 });
  const main = makeMainEvaluation(contents, policy);
  const second = random.weighted(seconds);
  const neighbours = { none: undefined, same: main, other: makeOtherEvaluation(contents, policy) };
  return { kind, contents, main, neighbour: neighbours[second] };
}

function changeContents(kind: RoundKind, last: Contents, random: Random): Contents {
  const renew = (edition: number) => (random.chance(0.75) ? edition + 1 : edition);
  const { plain, trials, judged, lone } = last.editions;
  switch (kind) {
    case 'fresh':
      return {
        ...last,
        editions: { plain: plain + 1, trials: renew(trials), judged: renew(judged), lone: renew(lone) },
      };
    case 'rescored':
      return { ...last, rubric: last.rubric + 1 };
    case 'again':
      return last;
  }
}

/** Twins with equal result keys, one task with several trials, and two scorings of one solver's outputs. */
function makeMainEvaluation({ editions, rubric }: Contents, policy: CachePolicy): Evaluation {
  const { plain, trials, judged } = editions;
  return {
    key: 'main',
    policy,
    specifications: [
      { key: 'plain', task: 'plain', edition: plain, rubric: `a${rubric}` },
      { key: 'plain-twin', task: 'plain', edition: plain, rubric: `a${rubric}` },
      { key: 'trials', task: 'trials', edition: trials, rubric: `a${rubric}` },
      { key: 'judged-strictly', task: 'judged', edition: judged, rubric: `a${rubric}` },
      { key: 'judged-mildly', task: 'judged', edition: judged, rubric: `b${rubric}` },
    ],
  };
}

/** Shares the solver outputs of one task with the main evaluation, and has a task of its own. */
function makeOtherEvaluation({ editions, rubric }: Contents, policy: CachePolicy): Evaluation {
  return {
    key: 'other',
    policy,
    specifications: [
      { key: 'judged-otherwise', task: 'judged', edition: editions.judged, rubric: `c${rubric}` },
      { key: 'lone', task: 'lone', edition: editions.lone, rubric: `a${rubric}` },
    ],
  };
}
