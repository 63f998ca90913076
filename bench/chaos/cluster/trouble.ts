/** Times in which something that others need was away. */
export interface Trouble {
  /** Begins now; the function it gives ends it. */
  begin(): () => void;
  /** Whether there has been any since then. */
  wasSince(ms: number): boolean;
}

export function createTrouble(): Trouble {
  let inForce = 0;
  let lastEndMs = Number.NEGATIVE_INFINITY;
  return {
    begin() {
      inForce += 1;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        inForce -= 1;
        lastEndMs = performance.now();
      };
    },
    wasSince: (ms) => inForce > 0 || lastEndMs >= ms,
  };
}
