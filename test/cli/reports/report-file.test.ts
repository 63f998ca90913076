import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable, writeWhole } from '../../../cli/reports/report-file.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let file: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  file = path.join(folder.path, 'report.txt');
});
afterEach(() => folder[Symbol.asyncDispose]());

describe('a report', () => {
  it('takes the place of an earlier one, and only when it is whole', async () => {
    await writeFile(file, 'earlier');
    await writeWhole(file, async (report) => {
      await report.write('new');
      expect(await readFile(file, 'utf8')).toBe('earlier');
    });
    expect(await readFile(file, 'utf8')).toBe('new');
    expect(await readdir(folder.path)).toEqual(['report.txt']);
  });

  it('stays as it was where the new one is not finished', async () => {
    await writeFile(file, 'earlier');
    const failing = writeWhole(file, async (report) => {
      await report.write('x'.repeat(200_000));
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect(await readFile(file, 'utf8')).toBe('earlier');
    expect(await readdir(folder.path)).toEqual(['report.txt']);
  });

  it('can be overwritten in place, counted in bytes', async () => {
    await writeWhole(file, async (report) => {
      await report.write('é😀 ');
      const place = report.position;
      await report.write(`...${'y'.repeat(100_000)}`);
      await report.patch(place, 'abc');
      await report.write('end');
    });
    expect(await readFile(file, 'utf8')).toBe(`é😀 abc${'y'.repeat(100_000)}end`);
  });
});

describe('a place that cannot be written', () => {
  it('is refused beforehand, with the reason', async () => {
    await mkdir(file);
    await expect(checkWritable(file, '--csv')).rejects.toThrow(
      `--csv names ${file}, which cannot be written: it is a directory.`,
    );
    await expect(checkWritable(path.join(folder.path, 'no', 'x'), '--csv')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('its directory does not exist') as string,
    });
  });

  it('is told of at the end as well, where it has gone meanwhile', async () => {
    const gone = path.join(folder.path, 'gone', 'x.csv');
    await expect(writeWhole(gone, async () => {})).rejects.toMatchObject({ code: 'report-failed' });
  });

  it('leaves nothing behind where it can be written', async () => {
    await checkWritable(file, '--csv');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
