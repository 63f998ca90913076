/**
 * Results of all tasks, in their order. When one rejects it waits for the others before it rejects with the first of their
 * errors, so that nothing works on in the background of a caller that has already given up.
 */
export async function settleAll<Result>(tasks: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(tasks);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
