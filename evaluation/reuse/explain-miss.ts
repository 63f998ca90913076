import type { CachePolicy } from '../../contracts/cache-policy.ts';
import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import type { Status } from '../../contracts/status.ts';
import type { Rejection } from './decide-reuse.ts';
import { type DifferenceContext, describeField } from './describe-difference.ts';
import { countDifferingComponents } from './differing-components.ts';
import { type FieldDifference, findDifferences } from './explain-difference.ts';
import type { StoredResult } from './usability.ts';

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
  /** Key of its task specification; of equally near results that of the same one is the nearest. */
  readonly key?: string;
  readonly status: Status;
  readonly policy: CachePolicy;
  /** Taken out of reuse by its owner. */
  readonly isRemoved?: boolean;
  readonly samples?: { readonly total: number };
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
}

/** A stored result that could not stand. */
type Rejected = Partial<Pick<StoredResult, 'samples' | 'solvedAt'>> & {
  readonly taskResultId: string;
  readonly runId: string;
};

export interface MissInput<Earlier extends Comparable = Comparable> {
  readonly policy: CachePolicy;
  /** Key of the task specification. */
  readonly key?: string;
  /** Key of the evaluated model, for the sentences. */
  readonly modelKey?: string | undefined;
  /** Selected rows. */
  readonly sampleCount?: number;
  readonly solverFingerprint: JsonObject;
  readonly resultFingerprint: JsonObject;
  /** The latest results of the same task key, newest first. */
  readonly earlier: readonly Earlier[];
  readonly rejections: readonly Rejection<Rejected>[];
  /** `limits.max_sample_errors` and `reuse.max_age` as they are written. */
  readonly bounds?: { readonly maxSampleErrors: number; readonly maxAge: string | undefined };
}

export interface Explanation<Earlier extends Comparable = Comparable> {
  /** Null when there is nothing to compare with; never empty otherwise. */
  readonly reasons: readonly ReuseReason[] | null;
  /** The earlier result that the reasons are about. */
  readonly comparedWith: Earlier | undefined;
  /** Whether no other earlier result could be nearer. */
  readonly isNearest: boolean;
}

/**
 * Why there is no full reuse, against the nearest earlier result: the one with the fewest differing components; of several
 * one of the same task specification, then the one with the fewest differing fields, then the newest.
 */
export function explainMiss<Earlier extends Comparable>(input: MissInput<Earlier>): Explanation<Earlier> {
  const nearest = findNearest(input);
  const isNearest = nearest !== undefined && (nearest.fields === 0 || (nearest.fields === 1 && nearest.isOther === 0));
  return { reasons: listReasons(input, nearest), comparedWith: nearest?.result, isNearest };
}

function listReasons(input: MissInput, nearest: Nearest<Comparable> | undefined): readonly ReuseReason[] | null {
  const rejected = input.rejections.map((rejection) => describeRejection(rejection, input));
  if (input.policy !== 'reuse' && (nearest !== undefined || rejected.length > 0)) return [describePolicy(input.policy)];
  if (nearest === undefined) return rejected.length > 0 ? rejected : null;
  const { result, differences } = nearest;
  if (differences.length > 0) return [...rejected, ...describeDifferences(result, differences, input)];
  if (rejected.length > 0) return rejected;
  return [describeEqualButUnusable(result)];
}

interface Nearest<Earlier> {
  readonly result: Earlier;
  readonly differences: readonly FieldDifference[];
  readonly components: number;
  /** 1 where it is of another task specification. */
  readonly isOther: number;
  readonly fields: number;
}

/** Fields are compared only with those results that nothing else tells apart: there may be many of them. */
function findNearest<Earlier extends Comparable>(input: MissInput<Earlier>): Nearest<Earlier> | undefined {
  const { earlier, key } = input;
  let closest: { readonly result: Earlier; readonly components: number; readonly isOther: number }[] = [];
  for (const result of earlier) {
    const candidate = {
      result,
      components: countDifferingComponents(result, input),
      isOther: Number(key !== undefined && result.key !== key),
    };
    const order = closest[0] === undefined ? -1 : compareClosely(candidate, closest[0]);
    if (order < 0) closest = [candidate];
    else if (order === 0) closest.push(candidate);
  }
  let nearest: Nearest<Earlier> | undefined;
  for (const candidate of closest) {
    const differences = listDifferences(candidate.result, input);
    const fields = differences.length;
    if (nearest === undefined || fields < nearest.fields) nearest = { ...candidate, differences, fields };
    if (fields <= candidate.components) break; // none can have fewer
  }
  return nearest;
}

type Closeness = Pick<Nearest<unknown>, 'components' | 'isOther'>;

function compareClosely(one: Closeness, other: Closeness): number {
  return one.components - other.components || one.isOther - other.isOther;
}

type Fingerprints = Pick<Comparable, 'solverFingerprint' | 'resultFingerprint'>;

/** What differs between two results: first in how they are solved, then in how they are scored. */
export function listDifferences(before: Fingerprints, after: Fingerprints): readonly FieldDifference[] {
  return [
    ...findDifferences(before.solverFingerprint, after.solverFingerprint),
    ...findDifferences(before.resultFingerprint, after.resultFingerprint).filter(
      ({ component, path }) => !isInBoth(component) && !comesWithRules(component, path, before, after),
    ),
  ];
}

/** `schema` and `template_engine` stand in both fingerprints; they are reported once. */
function isInBoth(component: string): boolean {
  return component === 'schema' || component === 'template_engine';
}

/** Revisions come with the first action rule and go with the last, which says enough; the aggregators' with several trials. */
function comesWithRules(component: string, path: string, before: Fingerprints, after: Fingerprints): boolean {
  const [old, present] = [before.resultFingerprint[component], after.resultFingerprint[component]];
  if (component === 'aggregators') return old === undefined || present === undefined;
  if (component !== 'actions' || path.startsWith('/rules')) return false;
  return !hasRevision(old) || !hasRevision(present);
}

function hasRevision(actions: JsonValue | undefined): boolean {
  return typeof actions === 'object' && actions !== null && 'revision' in actions;
}

function describeDifferences(
  result: Comparable,
  differences: readonly FieldDifference[],
  now: MissInput,
): readonly ReuseReason[] {
  if (result.solverFingerprint['schema'] !== now.solverFingerprint['schema']) {
    return [
      {
        category: 'schema',
        sentence: `Keys are made in a new way since run ${result.runId}; results from before cannot be compared.`,
      },
    ];
  }
  return describeChanges(differences, result, now);
}

/** A reason for each difference between two results. */
export function describeChanges(
  differences: readonly FieldDifference[],
  before: Fingerprints & { readonly samples?: { readonly total: number } },
  after: Fingerprints & Pick<MissInput, 'modelKey' | 'sampleCount'>,
): readonly ReuseReason[] {
  const context: DifferenceContext = {
    before: { ...before.solverFingerprint, ...before.resultFingerprint },
    after: { ...after.solverFingerprint, ...after.resultFingerprint },
    modelKey: after.modelKey,
    ...(before.samples === undefined || after.sampleCount === undefined
      ? {}
      : { rows: { before: before.samples.total, after: after.sampleCount } }),
  };
  return differences.map((difference) => ({
    category: 'field',
    component: difference.component,
    path: difference.path,
    ...(difference.before === undefined ? {} : { before: difference.before }),
    ...(difference.after === undefined ? {} : { after: difference.after }),
    sentence: describeField(difference, context),
  }));
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

function describeRejection({ result, because }: Rejection<Rejected>, { bounds }: MissInput): ReuseReason {
  const { runId, samples, solvedAt = null } = result;
  switch (because) {
    case 'age': {
      const age = solvedAt === null ? '' : `, solved ${solvedAt.slice(0, 16).replace('T', ' ')} UTC,`;
      const limit = bounds?.maxAge === undefined ? '' : ` (${bounds.maxAge})`;
      return { category: 'age', sentence: `The result of run ${runId}${age} is older than reuse.max_age${limit}.` };
    }
    case 'errors': {
      const failed =
        samples === undefined ? 'more failed samples' : `${samples.errors} failed samples of ${samples.total}, more`;
      const limit = bounds === undefined ? '' : ` (${bounds.maxSampleErrors})`;
      return {
        category: 'errors',
        sentence: `The result of run ${runId} has ${failed} than limits.max_sample_errors${limit}${samples === undefined ? '' : ' allows'}.`,
      };
    }
    case 'damaged':
      return { category: 'damaged', sentence: `Stored pieces of the result of run ${runId} are lost or damaged.` };
  }
}
