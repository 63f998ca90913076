import { configureStore } from './configured-store.ts';

/** What is looked for: runs, newest first, or the tasks of one, or schedules. */
export type NamesQuestion =
  | { readonly of: 'runs' }
  | { readonly of: 'tasks'; readonly run: string }
  | { readonly of: 'schedules' };

export interface StoredName {
  readonly name: string;
  /** For people. */
  readonly description: string;
}

export interface ListNamesOptions {
  readonly store: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}

const runsListed = 50;
const unusedSegmentSize = 200;

/** Names in the store that can be typed, for completion: no Temporal, nothing is made, and only little is loaded. */
export async function listNames(
  question: NamesQuestion,
  { store: location, environment, workingDirectory }: ListNamesOptions,
): Promise<readonly StoredName[]> {
  const configured = configureStore({
    store: location,
    environment,
    workingDirectory,
    segmentSize: unusedSegmentSize,
    onNotice: () => {},
    // Which runs of a shared database are this machine's matters to nobody who types a name.
    findTemporal: async () => 'remote',
  });
  try {
    const store = await configured.open({ create: false });
    if (store === undefined) return [];
    switch (question.of) {
      case 'runs': {
        const runs = await store.runs.listRuns({ limit: runsListed });
        return runs.flatMap(({ runId, label, status, evaluationKey }) => {
          const description = `${evaluationKey}, ${status}`;
          return [
            { name: runId, description },
            ...(label === null ? [] : [{ name: label, description: `${description}, label` }]),
          ];
        });
      }
      case 'tasks': {
        const { runId } = await store.runs.getRun(question.run);
        const results = await store.results.listTaskResults(runId);
        return results.map(({ key, status }) => ({ name: key, description: status }));
      }
      case 'schedules': {
        const schedules = await store.schedules.list();
        return schedules.map(({ name }) => ({ name, description: 'schedule' }));
      }
    }
  } finally {
    await configured.close();
  }
}
