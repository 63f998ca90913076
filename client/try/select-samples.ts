import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { findNearestName } from '../../evaluation/nearest-name.ts';
import type { PlannedTaskSpecification } from '../../evaluation/plan.ts';
import type { Sample } from '../../evaluation/sample.ts';
import { createRowReader } from '../../planning/datasets/read-rows.ts';
import type { ContentStore } from '../../storage/content-store.ts';

/**
 * The samples that are meant, in the order in which they are named; the first where none is. A name is an id, else a number
 * of the sample in the selection, from 1.
 *
 * @throws {EvaluationError} `usage` with the nearest id.
 */
export async function selectSamples(
  content: ContentStore,
  { key, dataset }: PlannedTaskSpecification,
  names: readonly string[],
): Promise<readonly Sample[]> {
  const rows = createRowReader(content, dataset.manifest);
  const { segments } = await rows.getManifest();
  const wanted = new Set(names.length === 0 ? ['1'] : names);
  const byId = new Map<string, Sample>();
  const byNumber = new Map<string, Sample>();
  let firstIds: readonly string[] = [];
  for (let segment = 0; segment < segments.length; segment++) {
    const samples = await rows.readSegment(segment);
    if (segment === 0) firstIds = samples.map(({ id }) => id);
    for (const sample of samples) {
      // Without a name it is the first, whatever the ids are.
      if (names.length > 0 && wanted.has(sample.id)) byId.set(sample.id, sample);
      const number = String(sample.index + 1);
      if (wanted.has(number)) byNumber.set(number, sample);
    }
    if (byId.size === wanted.size || (names.length === 0 && byNumber.size > 0)) break;
  }
  const found = [...wanted].map((name) => {
    const sample = byId.get(name) ?? byNumber.get(name);
    if (sample !== undefined) return sample;
    const nearest = findNearestName(name, firstIds);
    throw new EvaluationError('usage', `Task "${key}" has no sample ${JSON.stringify(name)}.`, {
      hint:
        nearest === undefined
          ? `Name an id, such as ${JSON.stringify(firstIds[0] ?? '')}, or a number from 1 to ${dataset.count}.`
          : `Did you mean ${JSON.stringify(nearest)}?`,
    });
  });
  return [...new Set(found)];
}
