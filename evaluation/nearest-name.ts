import { distance } from 'fastest-levenshtein';

/** The known name that was most likely meant; `undefined` if none is near enough to be worth saying. */
export function findNearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(wanted, candidate.toLowerCase());
    // Replacing every letter is no likeness: "a" is not a misspelt "id".
    if (edits >= fewest || edits >= Math.max(name.length, candidate.length)) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest;
}

/** What to do about an unknown name: the nearest one, else the ones there are. */
export function suggestName(name: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const nearest = findNearestName(name, names);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return names.length === 0 ? undefined : `Known: ${listNames(names)}.`;
}

/** `a, b, c`, cut where it would fill the screen. */
export function listNames(names: readonly string[], limit = 15): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}
