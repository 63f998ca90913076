/** Units of which as many are drawn anew as there are, each as likely as any other. */
export interface DrawnGroup {
  /** The kind of each unit, from 0; units of one kind are alike to the statistic. */
  readonly kinds: Uint32Array;
  readonly kindCount: number;
}

/** Values that hang on how often each kind of unit occurs, and on nothing else. */
export interface Statistic {
  /** One for paired samples; two for samples that are drawn apart. */
  readonly groups: readonly DrawnGroup[];
  /** How many values it has. */
  readonly size: number;
  /** About how many additions it takes to evaluate. */
  readonly cost: number;
  /**
   * @param counts - Per group, how often each kind occurs.
   * @param into - Takes the values; NaN where there is none.
   */
  evaluate(counts: readonly Uint32Array[], into: Float64Array): void;
  /** The same for units drawn one by one, where that is quicker. */
  evaluateDrawn?(drawn: readonly Uint32Array[], into: Float64Array): void;
}

export function countKinds({ kinds, kindCount }: DrawnGroup): Uint32Array {
  const counts = new Uint32Array(kindCount);
  for (const kind of kinds) counts[kind] = (counts[kind] as number) + 1;
  return counts;
}
