import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { openStore, readKeyRing } from '../storage/index.ts';
import { openOverlayStore } from '../storage/overlay/open-overlay-store.ts';
import { override } from '../storage/override.ts';
import type { Store } from '../storage/store.ts';
import { storeExists } from '../storage/store-exists.ts';
import { findCacheFolder } from './cache-folder.ts';
import { findStoreSettings, type StoreSettings } from './find-store-settings.ts';
import { keepToOwnRuns } from './own-runs.ts';

export interface ConfiguredStoreOptions {
  readonly store: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly segmentSize: number;
  readonly onNotice: (message: string) => void;
  /** Whose Temporal works on it. */
  findTemporal(): Promise<'embedded' | 'remote'>;
}

/** The store that the settings name, opened when it is first wanted. */
export interface ConfiguredStore {
  open(options: { readonly create: true }): Promise<Store>;
  /** Undefined where there is none and `create` is false. */
  open(options: { readonly create: boolean }): Promise<Store | undefined>;
  /**
   * Where the files of a Temporal server lie that works on it: in its directory, beside what is written; for a store in a
   * database, which has none, in a folder of this user.
   */
  makeServerFolder(): Promise<string>;
  close(): Promise<void>;
}

const askPatienceMs = 5_000;

/** @throws {EvaluationError} `usage` for settings that do not make sense. */
export function configureStore(options: ConfiguredStoreOptions): ConfiguredStore {
  const { environment } = options;
  const settings = findStoreSettings(options);
  const directory = findWrittenDirectory(settings);
  let opened: Promise<Store> | undefined;

  async function open(wanted: { readonly create: true }): Promise<Store>;
  async function open(wanted: { readonly create: boolean }): Promise<Store | undefined>;
  async function open({ create }: { readonly create: boolean }): Promise<Store | undefined> {
    if (opened === undefined && !create && !(await storeExists(settings.location))) return undefined;
    // What only reads may do so; what is going to write says at once, and in one sentence, that it cannot.
    if (create && directory !== undefined) await refuseReadOnly(directory);
    opened ??= openSettings(settings, options);
    return opened;
  }

  return {
    open,
    async makeServerFolder() {
      if (directory !== undefined) return directory;
      const store = await open({ create: true });
      const folder = makeFolderName(environment, await store.runs.getStoreId());
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** Where the files of a Temporal server lie that works on a store; undefined where there is no store yet. */
export async function findServerFolder(
  settings: StoreSettings,
  environment: ConfiguredStoreOptions['environment'],
): Promise<string | undefined> {
  const directory = findWrittenDirectory(settings);
  if (directory !== undefined || settings.location.kind === 'directory') return directory;
  const { describePostgresStore } = await import('../storage/postgres/describe-postgres-store.ts');
  const { storeId } = await describePostgresStore(settings.location.postgres.url, { patienceMs: askPatienceMs });
  return storeId === undefined ? undefined : makeFolderName(environment, storeId);
}

function makeFolderName(environment: ConfiguredStoreOptions['environment'], storeId: string): string {
  return join(findCacheFolder(environment), 'stores', storeId);
}

function findWrittenDirectory({ location, overlayDirectory }: StoreSettings): string | undefined {
  if (overlayDirectory !== undefined) return overlayDirectory;
  return location.kind === 'directory' ? location.directory : undefined;
}

async function openSettings(
  { location, blobs, overlayDirectory }: StoreSettings,
  options: ConfiguredStoreOptions,
): Promise<Store> {
  const { environment, segmentSize, onNotice } = options;
  const keys = await readKeyRing(environment, onNotice);
  if (overlayDirectory !== undefined) {
    const shared = await openStore(location, { keys, blobs, onNotice, access: 'read' });
    return openOverlayStore(overlayDirectory, shared, { keys }).catch(async (error: unknown) => {
      await shared.close();
      throw error;
    });
  }
  const store = await openStore(location, { segmentSize, keys, blobs, onNotice });
  // A directory has one Temporal, which whoever uses it shares.
  const isSharedByMachines = location.kind === 'postgres' && (await options.findTemporal()) === 'embedded';
  return isSharedByMachines ? override(store, { runs: keepToOwnRuns(store.runs) }) : store;
}

async function refuseReadOnly(directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return; // it is made, or that fails with a text of its own
    const reason = code === 'EROFS' ? 'its file system is read-only' : `this user may not write there (${code})`;
    throw new EvaluationError('store-failed', `The store ${directory} cannot be written: ${reason}.`, {
      hint: 'Make it writable, or name another store with --store or STET_STORE. "list", "show" and "plan" only read.',
      cause: error,
    });
  }
}
