/** An upper bound of the steps that a match in a text can take; infinite where no bound is known. */
export type EstimateMatch = (text: string) => number;

/**
 * What is repeated decides what backtracking costs: a class can take as many lengths as its longest run in the text, from
 * every start, and every option or alternative doubles the ways. Repeated groups and references back to groups have no
 * such bound.
 */
export function createMatchEstimate(pattern: RegExp): EstimateMatch {
  const repeated = new Set<string>();
  const repetitions: string[] = [];
  let branches = 0;
  for (const { groups = {} } of pattern.source.matchAll(token)) {
    if (groups['reference'] !== undefined || groups['repeatedGroup'] !== undefined)
      return () => Number.POSITIVE_INFINITY;
    if (groups['branch'] !== undefined) branches += 1;
    if (groups['atom'] === undefined || groups['repeat'] === undefined) continue;
    repeated.add(groups['atom']);
    repetitions.push(groups['atom']);
  }
  const runs = [...repeated].map((atom) => [atom, new RegExp(`(?:${atom})+`, `g${pattern.flags}`)] as const);

  return (text) => {
    const longest = new Map(runs.map(([atom, run]) => [atom, findLongest(text, run)]));
    let ways = (text.length + 1) * 2 ** branches;
    let depth = pattern.source.length;
    for (const atom of repetitions) {
      const length = longest.get(atom) ?? 0;
      ways *= length + 1;
      depth += length;
    }
    return ways * depth;
  };
}

/** Reads a pattern that compiles with the flag "u": what may be repeated, what is, and what branches. */
const token = new RegExp(
  [
    String.raw`(?<reference>\\(?:[1-9]|k<))`,
    String.raw`(?<atom>\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)|\[(?:\\.|[^\\\]])*\]|[^\\()[\]{}|?*+^$])(?<repeat>[*+{])?`,
    String.raw`\)(?<repeatedGroup>[*+{])`,
    String.raw`\(\?(?:[:=!]|<[=!]|<[^>]*>)`,
    String.raw`(?<branch>[|?])`,
  ].join('|'),
  'gsu',
);

function findLongest(text: string, run: RegExp): number {
  return (text.match(run) ?? []).reduce((longest, { length }) => Math.max(longest, length), 0);
}
