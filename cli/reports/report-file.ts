import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** A file that is being written, and not there under its name before it is whole. */
export interface ReportFile {
  write(text: string): Promise<void>;
  /** Overwrites what was written at a position in bytes; for counts that are known at the end. */
  patch(position: number, text: string): Promise<void>;
  /** Bytes written so far. */
  readonly position: number;
}

/**
 * Makes sure, before anything is spent, that a file can be written; changes nothing.
 *
 * @throws {EvaluationError} `usage` where it cannot.
 */
export async function checkWritable(file: string, option: string): Promise<void> {
  try {
    const existing = await stat(file).catch(() => undefined);
    if (existing?.isDirectory() === true) throw new Error('it is a directory');
    const probe = makeTemporaryName(file);
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (error) {
    throw new EvaluationError('usage', `${option} names ${file}, which cannot be written: ${describe(error)}.`, {
      hint: 'Nothing was started. Name a file in a directory that exists and that you may write to.',
      cause: error,
    });
  }
}

/**
 * Writes a file as a whole: it appears under its name complete, or what was there stays.
 *
 * @throws {EvaluationError} `report-failed` where the disk refuses; what `compose` throws goes through.
 */
export async function writeWhole(file: string, compose: (report: ReportFile) => Promise<void>): Promise<void> {
  const temporary = makeTemporaryName(file);
  try {
    const handle = await guard(file, () => open(temporary, 'wx'));
    try {
      const report = bufferWrites(file, handle);
      await compose(report);
      await report.flush();
      await guard(file, () => handle.sync());
    } finally {
      await handle.close();
    }
    await guard(file, () => rename(temporary, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const bufferBytes = 64 * 1024;

function bufferWrites(file: string, handle: Awaited<ReturnType<typeof open>>): ReportFile & { flush(): Promise<void> } {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let writtenBytes = 0;
  const flush = async () => {
    const bytes = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    await guard(file, () => handle.writeFile(bytes));
    writtenBytes += bytes.length;
  };
  return {
    get position() {
      return writtenBytes + pendingBytes;
    },
    async write(text) {
      const bytes = Buffer.from(text);
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= bufferBytes) await flush();
    },
    async patch(position, text) {
      await flush();
      await guard(file, () => handle.write(text, position));
    },
    flush,
  };
}

async function guard<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new EvaluationError('report-failed', `${file} could not be written: ${describe(error)}.`, {
      hint: 'The run itself is recorded; "stet show" with the same options writes the file again.',
      cause: error,
    });
  }
}

/** Beside the file: a name can only be taken over within one file system. */
function makeTemporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
}

function describe(error: unknown): string {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  switch (code) {
    case 'ENOENT':
      return 'its directory does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the disk is read-only';
    case 'ENOSPC':
      return 'the disk is full';
    case 'ENOTDIR':
      return 'its directory is a file';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
