/**
 * Asks the same questions with plain `fetch`, so many at once: what a script without an engine does, storing nothing.
 *
 * @returns How many a second were answered.
 */
export async function measureBareLoop(baseUrl: string, count: number, concurrency: number): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const content = `What is ${next++}+1=?`;
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'mock', messages: [{ role: 'user', content }] }),
      });
      await response.json();
    }
  };
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  return (1_000 * count) / (performance.now() - begunAt);
}
