import { EvaluationError } from '../contracts/evaluation-error.ts';
import { type RekeyProgress, type RekeyReport, rekeyStore } from '../storage/encryption/rekey-store.ts';
import { openRawStore, readKeyRing } from '../storage/index.ts';
import { listProcesses } from '../storage/sql/run-owners.ts';
import { findStoreSettings } from './find-store-settings.ts';
import { isProcessAlive } from './process-registry.ts';

export type { RekeyProgress, RekeyReport };

export interface RekeyOptions {
  /** As for `openStet`. */
  readonly store?: string;
  readonly onNotice?: (message: string) => void;
  readonly onProgress?: (progress: RekeyProgress) => void;
  /** Default: the process environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string;
}

/**
 * Encrypts a plain store, or seals everything in an encrypted one with the first of the configured keys. Killed at any
 * moment, another call goes on where it was.
 *
 * @throws {EvaluationError} `usage` where there is no store or no key, where somebody is at work on a plain store, or where
 *   another change of keys is not done; `encryption-keys-invalid`, `encryption-key-missing`, `encryption-key-wrong`.
 */
export async function rekey(options: RekeyOptions = {}): Promise<RekeyReport> {
  const environment = options.environment ?? process.env;
  const settings = findStoreSettings({
    store: options.store,
    environment,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
  if (settings.overlayDirectory !== undefined) {
    throw new EvaluationError(
      'usage',
      'STET_STORE_ACCESS says that the store is only read; its keys cannot be changed.',
    );
  }
  const ring = await readKeyRing(environment, options.onNotice ?? (() => {}));
  if (ring === undefined) {
    throw new EvaluationError('usage', 'No key is configured that the store could be encrypted with.', {
      hint: 'Set STET_ENCRYPTION_KEYS, or STET_ENCRYPTION_KEY_FILE; docs/security.md says how to make a key.',
    });
  }
  const store = await openRawStore(settings.location, { blobs: settings.blobs });
  try {
    return await rekeyStore(store, ring, {
      listWorkers: async () => {
        const processes = await store.database.snapshot(listProcesses);
        return processes
          .filter((process) => isProcessAlive(process))
          .map(({ command, host, pid }) => `${command} (pid ${pid} on ${host})`);
      },
      onProgress: options.onProgress ?? (() => {}),
    });
  } finally {
    await store.close();
  }
}
