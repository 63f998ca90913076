/** What a holder of a limit group wants of its limit. */
export interface Claim {
  readonly holderId: string;
  /** Queries in flight or waiting. */
  readonly wanted: number;
  /** What it has now. */
  readonly slots: number;
  /** When it last got more than it had; 0: never. */
  readonly turnBeganAtMs: number;
}

/** How long a holder keeps what cannot be divided, while others wait for it. */
const turnMs = 1_000;

/**
 * Divides a limit among holders: who wants little gets that, the others the same each. What cannot be divided goes round:
 * who has it keeps it for a second, then it is the turn of whoever has waited longest. What nobody wants is divided too,
 * so that a holder which suddenly wants more need not ask first; a sole holder has everything.
 */
export function divideLimit(limit: number, claims: readonly Claim[], nowMs: number): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  const ascending = claims.toSorted((a, b) => a.wanted - b.wanted || (a.holderId < b.holderId ? -1 : 1));
  let left = limit;
  for (const [index, claim] of ascending.entries()) {
    const others = ascending.length - index;
    const even = Math.floor(left / others);
    if (claim.wanted > even) {
      const hungry = ascending.slice(index);
      for (const [rank, { holderId }] of sortByTurn(hungry, even, nowMs).entries()) {
        shares.set(holderId, even + (rank < left - even * others ? 1 : 0));
      }
      return shares;
    }
    shares.set(claim.holderId, claim.wanted);
    left -= claim.wanted;
  }
  for (const [index, { holderId }] of ascending.entries()) {
    const share = Math.ceil(left / (ascending.length - index));
    shares.set(holderId, (shares.get(holderId) ?? 0) + share);
    left -= share;
  }
  return shares;
}

/** First those whose turn it is, then those who wait for theirs, then those whose turn is over. */
function sortByTurn(claims: readonly Claim[], even: number, nowMs: number): readonly Claim[] {
  const rank = ({ slots, turnBeganAtMs }: Claim): number => {
    if (slots <= even) return 1;
    return Math.abs(nowMs - turnBeganAtMs) < turnMs ? 0 : 2;
  };
  return claims.toSorted((a, b) => rank(a) - rank(b) || a.turnBeganAtMs - b.turnBeganAtMs);
}
