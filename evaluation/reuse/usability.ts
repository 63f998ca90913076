/** A stored, completed result as far as its usability depends on it. */
export interface StoredResult {
  readonly taskResultId: string;
  readonly samples: { readonly total: number; readonly solverErrors: number; readonly errors: number };
  /** ISO 8601; when its solver outputs were solved. */
  readonly solvedAt: string | null;
}

/** What bounds reuse now, from the file that looks up. */
export interface ReuseBounds {
  /** `limits.max_sample_errors`: a count, or below 1 a share of the samples. */
  readonly maxSampleErrors: number;
  /** `reuse.max_age` in milliseconds. */
  readonly maxAgeMs: number | undefined;
  /** Present time, milliseconds since 1970. */
  readonly nowMs: number;
}

/** How much of a stored result is damaged: nothing, only its scores, or its solver outputs too. */
export type Damage = 'none' | 'scores' | 'outputs';

export type Unusable = 'age' | 'errors' | 'damaged';

/** What of a stored result may stand. `because` says what is in the way of more. */
export type Usability =
  | { readonly stands: 'all' }
  | { readonly stands: 'outputs' | 'nothing'; readonly because: Unusable };

/** Whether so many failed samples are within the limit; a share means errors ≤ share × samples (format 17.1). */
export function isWithinErrorLimit(errors: number, total: number, maxSampleErrors: number): boolean {
  if (maxSampleErrors === 0 || maxSampleErrors >= 1) return errors <= maxSampleErrors;
  // Not `share × samples`: 0.29 × 100 is a little less than 29, and 29 errors are within it.
  return errors === 0 || errors / total <= maxSampleErrors;
}

/** Judges one completed, reusable result by present error limit, age and damage (design 3.1, format 19.2). */
export function judgeStoredResult(result: StoredResult, damage: Damage, bounds: ReuseBounds): Usability {
  const { total, solverErrors, errors } = result.samples;
  if (isTooOld(result, bounds)) return { stands: 'nothing', because: 'age' };
  if (damage === 'outputs') return { stands: 'nothing', because: 'damaged' };
  if (!isWithinErrorLimit(solverErrors, total, bounds.maxSampleErrors)) return { stands: 'nothing', because: 'errors' };
  if (damage === 'scores') return { stands: 'outputs', because: 'damaged' };
  if (!isWithinErrorLimit(errors, total, bounds.maxSampleErrors)) return { stands: 'outputs', because: 'errors' };
  return { stands: 'all' };
}

function isTooOld({ solvedAt }: StoredResult, { maxAgeMs, nowMs }: ReuseBounds): boolean {
  if (maxAgeMs === undefined) return false;
  return solvedAt === null || nowMs - Date.parse(solvedAt) > maxAgeMs;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `7d` → milliseconds; the schema has checked the form. */
export function parseAge(age: string): number {
  return Number(age.slice(0, -1)) * (unitMs[age.slice(-1)] ?? Number.NaN);
}
