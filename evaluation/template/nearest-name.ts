import { distance } from 'fastest-levenshtein';

/** The known name that was most likely meant; `undefined` if none is near. */
export function findNearestName(name: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(2, Math.floor(name.length / 3));
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const candidate of known) {
    const edits = distance(wanted, candidate.toLowerCase());
    // Replacing every letter is no likeness: "a" is not a misspelt "id".
    if (edits < fewest && edits < Math.max(name.length, candidate.length)) {
      nearest = candidate;
      fewest = edits;
    }
  }
  return nearest;
}
