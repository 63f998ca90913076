import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { KeyRing } from '../encryption/key-ring.ts';
import { override } from '../override.ts';
import { openSqliteStoreWithDatabase } from '../sqlite/open-sqlite-store.ts';
import type { Store } from '../store.ts';
import { findSharedResult } from './find-shared-result.ts';
import { importResult, isImported } from './import-result.ts';
import { createOverlayAnswerIndex } from './overlay-answer-index.ts';
import { createOverlayResultIndex } from './overlay-result-index.ts';
import { createOverlayRunLog } from './overlay-run-log.ts';
import { createOverlaySpendingLedger } from './overlay-spending-ledger.ts';

/**
 * Opens a store in a directory over one that is only read. Everything is written into the directory; what the shared store
 * has is found, read, and stands, as if it were here. Housekeeping is of the directory alone.
 *
 * @param shared - Opened for reading; closed with the store that is returned.
 * @throws {EvaluationError} `usage` where the directory holds a store that cuts results otherwise than the shared one.
 */
export async function openOverlayStore(
  directory: string,
  shared: Store,
  options: { readonly keys?: KeyRing | undefined } = {},
): Promise<Store> {
  const segmentSize = await shared.runs.getSegmentSize();
  const { store: own, database } = await openSqliteStoreWithDatabase(directory, {
    ...options,
    segmentSize,
    underlying: shared.content,
  });
  const ownSize = await own.runs.getSegmentSize();
  if (ownSize !== segmentSize) {
    await own.close();
    throw new EvaluationError(
      'usage',
      `The store in ${directory} has ${ownSize} rows a segment, the shared one ${segmentSize}: neither could stand on the other.`,
      { hint: 'Name another directory in STET_STORE_OVERLAY.' },
    );
  }
  const importShared = async (taskResultId: string): Promise<void> => {
    if ((await own.results.findTaskResults([taskResultId])).length > 0) return;
    const found = await findSharedResult(shared, taskResultId);
    if (found !== undefined) await database.transaction(() => importResult(found));
  };
  const close = async (): Promise<void> => {
    await own.close();
    await shared.close();
  };
  return override(own, {
    results: createOverlayResultIndex(own, shared, importShared),
    answers: createOverlayAnswerIndex(own, shared, importShared),
    spending: createOverlaySpendingLedger(own, shared),
    runs: override(createOverlayRunLog(own, shared), { close }),
    housekeeping: override(own.housekeeping, {
      // What was copied has its pieces in the shared store, and takes no room here.
      async listStoredResults(wanted) {
        const listed = await own.housekeeping.listStoredResults(wanted);
        return { ...listed, results: listed.results.filter(({ run }) => !isImported(run)) };
      },
    }),
    close,
  });
}
