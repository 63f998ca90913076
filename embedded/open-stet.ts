import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { createStet } from '../client/create-stet.ts';
import type { Host } from '../client/host.ts';
import type { Stet } from '../client/stet.ts';
import { EvaluationError } from '../contracts/evaluation-error.ts';
import { openStore } from '../storage/index.ts';
import type { Store } from '../storage/store.ts';
import { createModuleHost } from '../workers/create-module-host.ts';
import { findStoreDirectory } from './find-store-directory.ts';
import type { EmbeddedSession } from './open-session.ts';
import { isProcessAlive } from './process-registry.ts';

export interface OpenStetOptions {
  /** Store directory; default: `STET_STORE`, else the nearest `.stet/` upwards, else `./.stet/`. */
  readonly store?: string;
  /** Opens Temporal's web UI beside the embedded server. */
  readonly ui?: boolean;
  /** What a person may want to know while it works: a download, a server restarted, a run taken up. */
  readonly onNotice?: (message: string) => void;
  /** Default: the process environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string;
  /** Rows a segment, the unit of an activity and of a blob, for a new store; an old one keeps its own. Counts in no key. */
  readonly segmentSize?: number;
  /** What this process is called in the store's registry. */
  readonly command?: string;
}

const DEFAULT_SEGMENT_SIZE = 200;

/**
 * Opens the library on a store directory. Temporal is started, or joined, when the first run needs it; `close` lets go of
 * everything, and the last process out stops the server.
 */
export async function openStet(options: OpenStetOptions = {}): Promise<Stet> {
  const environment = options.environment ?? process.env;
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const onNotice = options.onNotice ?? (() => {});
  const directory = findStoreDirectory({ store: options.store, environment, workingDirectory });
  const segmentSize = checkSegmentSize(options.segmentSize ?? DEFAULT_SEGMENT_SIZE);
  const modules = createModuleHost();
  let store: Promise<Store> | undefined;
  let session: Promise<EmbeddedSession> | undefined;

  const open: Host['openStore'] = async ({ create }) => {
    if (store === undefined && !create && !existsSync(directory)) return undefined;
    // What only reads may do so; what is going to write says at once, and in one sentence, that it cannot.
    if (create) await refuseReadOnly(directory);
    store ??= openStore(directory, { segmentSize });
    return store;
  };

  const host: Host = {
    openStore: open,
    openSession() {
      session ??= (async () => {
        const opened = await open({ create: true });
        if (opened === undefined)
          throw new EvaluationError('store-failed', `The store ${directory} could not be opened.`);
        // Temporal's libraries take longer to load than most commands take to answer, and most need none of them.
        const { openEmbeddedSession } = await import('./open-session.ts');
        return openEmbeddedSession({
          store: opened,
          storeDirectory: directory,
          modules,
          environment,
          ui: options.ui ?? false,
          command: options.command ?? 'library',
          onNotice,
        });
      })();
      return session;
    },
    modules,
    segmentSize,
    environment,
    workingDirectory,
    isProcessAlive,
    onNotice,
    async close() {
      await (await session?.catch(() => undefined))?.close();
      await modules.close();
      await (await store?.catch(() => undefined))?.close();
    },
  };
  return createStet(host);
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

function checkSegmentSize(size: number): number {
  if (Number.isInteger(size) && size >= 1) return size;
  throw new EvaluationError('usage', `The segment size must be a whole number from 1, not ${size}.`);
}
