import { findServerFolder } from './configured-store.ts';
import { checkEncryption } from './diagnose-encryption.ts';
import { checkBlobs, checkDatabase, checkDirectory, checkStore, describeFailure } from './diagnose-store.ts';
import { findStoreSettings, type StoreSettings } from './find-store-settings.ts';
import { findTemporalTarget } from './remote/find-temporal-target.ts';
import { findTemporalCli } from './server/find-cli.ts';
import { isListening } from './server/loopback.ts';
import { type Environment, runTool } from './server/run-tool.ts';
import { locateServerFiles } from './server/server-files.ts';
import { isServerAlive, readServerRecord } from './server/server-record.ts';

/** One finding about this machine; `hint` says what to do where `ok` is false. */
export interface Diagnosis {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

export type Finding = Omit<Diagnosis, 'name'>;

export interface DiagnoseOptions {
  readonly store?: string;
  readonly onNotice?: (message: string) => void;
  /** Default: the process environment. */
  readonly environment?: Environment;
  readonly workingDirectory?: string;
}

interface Setting {
  readonly environment: Environment;
  readonly store: StoreSettings;
  readonly onNotice: (message: string) => void;
}

/** Undefined where there is nothing to say. */
type Check = (setting: Setting) => Promise<Finding | undefined>;

const toolTimeoutMs = 10_000;

/** Every check of `stet doctor`, in the order in which they are shown. A new one is an entry here. */
const checks: readonly (readonly [name: string, check: Check])[] = [
  ['Node.js', checkNode],
  ['SQLite (libsql)', checkLibsql],
  ['Temporal SDK', checkTemporalSdk],
  ['Store directory', checkStoreDirectory],
  ['Store database', checkStoreDatabase],
  ['Blobs', ({ store }) => checkBlobs(store)],
  ['Encryption', ({ store, environment, onNotice }) => checkEncryption(store, environment, onNotice)],
  ['Store', checkStoreOfSetting],
  ['Temporal', checkTarget],
  ['Temporal CLI', checkTemporalCli],
  ['Temporal server', checkServer],
  ['python3', ({ environment }) => describeTool(environment, 'python3', ['--version'])],
  ['pip', ({ environment }) => describeTool(environment, 'python3', ['-m', 'pip', '--version'])],
];

/**
 * Looks at what Stet needs on this machine. The Temporal CLI is fetched where it is missing, as a run would do; nothing
 * else is changed. Never rejects for what it finds.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<readonly Diagnosis[]> {
  const environment = options.environment ?? process.env;
  const store = findStoreSettings({
    store: options.store,
    environment,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
  const setting = { environment, store, onNotice: options.onNotice ?? (() => {}) };
  const diagnoses: Diagnosis[] = [];
  for (const [name, check] of checks) {
    const finding = await check(setting).catch(describeFailure);
    if (finding !== undefined) diagnoses.push({ name, ...finding });
  }
  return diagnoses;
}

async function checkNode(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isRecent = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.versions.node} on ${process.platform}-${process.arch}`;
  return isRecent ? { ok: true, detail } : { ok: false, detail, hint: 'Install Node.js 20.19 or newer.' };
}

async function checkLibsql(): Promise<Finding> {
  try {
    const { default: Database } = await import('libsql');
    const database = new Database(':memory:');
    database.prepare('SELECT 1').get();
    database.close();
    return { ok: true, detail: 'loads and answers' };
  } catch (error) {
    return { ...describeFailure(error), hint: 'Its native part is missing: run npm ci again, on this machine.' };
  }
}

async function checkTemporalSdk(): Promise<Finding> {
  try {
    await import('@temporalio/worker');
    return { ok: true, detail: 'loads' };
  } catch (error) {
    return {
      ...describeFailure(error),
      hint: 'Its native part runs on macOS, Windows and Linux with glibc (not on Alpine); run npm ci again, on this machine.',
    };
  }
}

async function checkStoreDirectory({ store }: Setting): Promise<Finding | undefined> {
  const { location, overlayDirectory } = store;
  if (overlayDirectory !== undefined) return checkDirectory(overlayDirectory);
  return location.kind === 'directory' ? checkDirectory(location.directory) : undefined;
}

async function checkStoreDatabase({ store: { location } }: Setting): Promise<Finding | undefined> {
  return location.kind === 'postgres' ? checkDatabase(location.postgres) : undefined;
}

async function checkStoreOfSetting({ store, environment }: Setting): Promise<Finding> {
  const target = await findTemporalTarget({}, environment).catch(() => undefined);
  return checkStore(store, environment, target === undefined);
}

/** Which Temporal a run would use, and where each part of that came from; never a key. */
async function checkTarget({ environment }: Setting): Promise<Finding> {
  const target = await findTemporalTarget({}, environment);
  if (target === undefined) return { ok: true, detail: 'the server that Stet brings: nothing names another one' };
  const parts = target.parts.map(({ name, value, source }) => `${name} ${value} (${source})`).join(', ');
  const { checkRemoteTemporal } = await import('./remote/remote-temporal.ts');
  const problem = await checkRemoteTemporal(target.address);
  return problem === undefined
    ? { ok: true, detail: `${parts}; it answers` }
    : {
        ok: false,
        detail: `${parts}; ${problem.message}`,
        ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      };
}

async function checkTemporalCli({ environment, onNotice }: Setting): Promise<Finding> {
  // A run on another Temporal needs none, so none is fetched.
  if ((await findTemporalTarget({}, environment).catch(() => undefined)) !== undefined) {
    return { ok: true, detail: 'not needed: Temporal runs elsewhere' };
  }
  const cli = await findTemporalCli({ environment, onProgress: onNotice });
  return { ok: true, detail: `${cli.version}, ${cli.path} (${cli.source})` };
}

async function checkServer({ store, environment }: Setting): Promise<Finding> {
  if ((await findTemporalTarget({}, environment).catch(() => undefined)) !== undefined) {
    return { ok: true, detail: 'not needed: Temporal runs elsewhere' };
  }
  const folder = await findServerFolder(store, environment);
  const files = folder === undefined ? undefined : locateServerFiles(folder);
  const record = files === undefined ? undefined : await readServerRecord(files);
  if (record === undefined) return { ok: true, detail: 'not running; a run starts it' };
  if (!isServerAlive(record))
    return { ok: true, detail: 'left behind by a command that was killed; the next run starts it again' };
  if (await isListening(record.port))
    return { ok: true, detail: `${record.state} on port ${record.port}, pid ${record.pid}` };
  return {
    ok: false,
    detail: `pid ${record.pid} runs but does not listen on port ${record.port}`,
    hint: `It may be starting up; its log is ${files?.log}.`,
  };
}

/** For information: nothing of this release needs it, but for one way to fetch the Temporal CLI. */
async function describeTool(
  environment: Environment,
  file: string,
  toolArguments: readonly string[],
): Promise<Finding> {
  const outcome = await runTool(file, toolArguments, { environment, timeoutMs: toolTimeoutMs });
  return {
    ok: true,
    detail:
      outcome.state === 'done' ? outcome.output.trim() : 'not found (only needed to fetch the Temporal CLI with pip)',
  };
}
