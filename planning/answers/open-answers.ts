import type { Plan } from '../../evaluation/plan.ts';
import { parseAge } from '../../evaluation/reuse/usability.ts';
import { type AnswerLookUp, createAnswerLookUp } from './answer-look-up.ts';
import { type AnswerStore, findAnswerSources, listWantedModels, type UsableSource } from './find-answer-sources.ts';
import { listSource } from './list-source.ts';

/**
 * The single answers that may stand in a run (`reuse.answers`), with those results listed first that nobody has looked
 * for answers in yet; undefined where the plan wants none.
 *
 * @param options.runId - Undefined for a plan of which there is no run yet.
 */
export async function openAnswers(
  store: AnswerStore,
  plan: Plan,
  { runId, now }: { readonly runId: string | undefined; readonly now: () => number },
): Promise<AnswerLookUp | undefined> {
  const wanted = listWantedModels(plan);
  if (wanted.solve.size + wanted.score.size === 0) return undefined;
  const usable: UsableSource[] = [];
  for (const source of await findAnswerSources(store, plan, wanted, { runId, nowMs: now() })) {
    const isWhole = await Promise.all([...source.stages].map((stage) => listSource(store, source, stage)));
    if (isWhole.every((isTrue) => isTrue)) usable.push(source);
  }
  const { max_age: maxAge } = plan.reuse;
  return createAnswerLookUp(store, usable, { maxAgeMs: maxAge === undefined ? undefined : parseAge(maxAge), now });
}
