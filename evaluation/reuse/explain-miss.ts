import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { Status } from '../../contracts/status.ts';
import type { Rejection } from './decide-reuse.ts';
import { type FieldDifference, findDifferences } from './explain-difference.ts';

export const reasonCategories = ['field', 'policy', 'status', 'errors', 'age', 'damaged', 'schema'] as const;

/** Why something ran again (design 5): one sentence, and for a field what it was and is. */
export interface ReuseReason {
  readonly category: (typeof reasonCategories)[number];
  readonly component?: string;
  readonly path?: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly sentence: string;
}

/** An earlier result to compare with. */
export interface Comparable {
  readonly taskResultId: string;
  readonly runId: string;
  readonly status: Status;
  readonly policy: CachePolicy;
  /** Taken out of reuse by its owner. */
  readonly isRemoved?: boolean;
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
}

export interface MissInput {
  readonly policy: CachePolicy;
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
  /** The latest results of the same task key, newest first. */
  readonly earlier: readonly Comparable[];
  readonly rejections: readonly Rejection<{ readonly taskResultId: string; readonly runId: string }>[];
}

/**
 * Why there is no full reuse, against the nearest earlier result: the one with the fewest differing components (of
 * several the newest). Null when there is nothing to compare with; never empty otherwise.
 */
export function explainMiss(input: MissInput): readonly ReuseReason[] | null {
  const rejected = input.rejections.map(describeRejection);
  const nearest = findNearest(input);
  if (input.policy !== 'reuse' && (nearest !== undefined || rejected.length > 0)) return [describePolicy(input.policy)];
  if (nearest === undefined) return rejected.length > 0 ? rejected : null;
  const { result, differences } = nearest;
  if (differences.length > 0) return [...rejected, ...describeDifferences(result, differences, input)];
  if (rejected.length > 0) return rejected;
  return [describeEqualButUnusable(result)];
}

interface Nearest {
  readonly result: Comparable;
  readonly differences: readonly FieldDifference[];
}

function findNearest({ earlier, solverFingerprint, resultFingerprint }: MissInput): Nearest | undefined {
  let nearest: (Nearest & { readonly distance: number }) | undefined;
  for (const result of earlier) {
    const differences = [
      ...findDifferences(result.solverFingerprint, solverFingerprint),
      ...findDifferences(result.resultFingerprint, resultFingerprint).filter(({ component }) => !isInBoth(component)),
    ];
    const distance = new Set(differences.map(({ component }) => component)).size;
    if (nearest === undefined || distance < nearest.distance) nearest = { result, differences, distance };
  }
  return nearest;
}

/** `schema` and `template_engine` stand in both fingerprints; they are reported once. */
function isInBoth(component: string): boolean {
  return component === 'schema' || component === 'template_engine';
}

function describeDifferences(
  result: Comparable,
  differences: readonly FieldDifference[],
  now: Pick<MissInput, 'solverFingerprint'>,
): ReuseReason[] {
  if (result.solverFingerprint['schema'] !== now.solverFingerprint['schema']) {
    return [
      {
        category: 'schema',
        sentence: `Keys are made in a new way since run ${result.runId}; results from before cannot be compared.`,
      },
    ];
  }
  return differences.map(({ component, path, before, after }) => ({
    category: 'field',
    component,
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    sentence: describeField({ component, path, before, after }),
  }));
}

/** One difference in a sentence. */
export function describeField({ component, path, before, after }: FieldDifference): string {
  const place = `${component}${path.replaceAll('/', '.')}`;
  if (component === 'dataset' && path === '/version') return 'The rows of the dataset changed.';
  if (component === 'model' && path === '/module') return "The source of the model's module changed.";
  if (component === 'model' && path === '/recording') return 'The recording of the model changed.';
  if (before === undefined) return `${place} is new: ${shorten(after)}.`;
  if (after === undefined) return `${place} is gone; it was ${shorten(before)}.`;
  return `${place} changed from ${shorten(before)} to ${shorten(after)}.`;
}

function shorten(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function describePolicy(policy: CachePolicy): ReuseReason {
  return { category: 'policy', sentence: `Cache policy ${policy} computes everything anew.` };
}

function describeEqualButUnusable({ status, policy, runId, isRemoved = false }: Comparable): ReuseReason {
  if (isRemoved) {
    return {
      category: 'status',
      sentence: `Run ${runId} computed the same; its result was taken out by \`cache rm\`.`,
    };
  }
  if (policy === 'no-cache') {
    return {
      category: 'policy',
      sentence: `Run ${runId} computed the same under no-cache, so its result is evidence only.`,
    };
  }
  if (status === 'completed') {
    return { category: 'status', sentence: `Run ${runId} computed the same; its result was replaced since.` };
  }
  return {
    category: 'status',
    sentence: `Run ${runId} wanted the same and is ${status}; only \`resume\` takes it up.`,
  };
}

function describeRejection({
  result,
  because,
}: Rejection<{ readonly taskResultId: string; readonly runId: string }>): ReuseReason {
  switch (because) {
    case 'age':
      return { category: 'age', sentence: `The result of run ${result.runId} is older than reuse.max_age.` };
    case 'errors':
      return {
        category: 'errors',
        sentence: `The result of run ${result.runId} has more failed samples than limits.max_sample_errors.`,
      };
    case 'damaged':
      return {
        category: 'damaged',
        sentence: `Stored pieces of the result of run ${result.runId} are lost or damaged.`,
      };
  }
}
