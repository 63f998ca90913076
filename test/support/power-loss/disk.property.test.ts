import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Disk, everythingKept, onlySyncedKept } from './disk.ts';
import { sectorBytes } from './disk-file.ts';
import type { Operation, OperationKind } from './operation-log.ts';
import { makeLuck, powerCuts } from './power-cut.ts';
import { createRandom } from './random.ts';

const create = 0o100;

function operation(kind: OperationKind, changes: Partial<Operation>): Operation {
  return { kind, process: 1, descriptor: -1, path: '', number: 0, data: Buffer.alloc(0), ...changes };
}

/** A disk on which a file, opened as descriptor 3, and its folder, as 4, are durable and the file is empty. */
function makeDisk(): Disk {
  const disk = new Disk(() => false);
  disk.do(operation('open', { descriptor: 3, path: 'file', number: create }));
  disk.do(operation('open', { descriptor: 4, path: '' }));
  sync(disk, 4, 1);
  return disk;
}

function write(disk: Disk, offset: number, text: string, descriptor = 3): void {
  disk.do(operation('write', { descriptor, number: offset, data: Buffer.from(text) }));
}

function sync(disk: Disk, descriptor: number, number: number): void {
  disk.do(operation('sync-begin', { descriptor, number }));
  disk.do(operation('sync-end', { descriptor, number }));
}

function read(disk: Disk, luck = onlySyncedKept, path = 'file'): string | undefined {
  return disk.cutPower(luck).files.get(path)?.toString();
}

describe('a disk whose power is cut', () => {
  it('keeps what was synced, and of later writes only what it has luck with', () => {
    const disk = makeDisk();
    write(disk, 0, 'synced');
    sync(disk, 3, 2);
    write(disk, 0, 'later.');
    expect(read(disk)).toBe('synced');
    expect(read(disk, everythingKept)).toBe('later.');
  });

  it('does not know of a write that came while a sync was going on whether it is there', () => {
    const disk = makeDisk();
    write(disk, 0, 'before');
    disk.do(operation('sync-begin', { descriptor: 3, number: 2 }));
    write(disk, 0, 'during');
    expect(read(disk)).toBe('');
    disk.do(operation('sync-end', { descriptor: 3, number: 2 }));
    expect(read(disk)).toBe('before');
  });

  it('loses a file whose folder was not synced, however well the file was', () => {
    const disk = makeDisk();
    disk.do(operation('open', { descriptor: 5, path: 'new', number: create }));
    write(disk, 0, 'content', 5);
    sync(disk, 5, 2);
    expect(read(disk, onlySyncedKept, 'new')).toBeUndefined();
    sync(disk, 4, 3);
    expect(read(disk, onlySyncedKept, 'new')).toBe('content');
  });

  it('shows a file that was renamed over another under its name, old or new, and never none', () => {
    const disk = makeDisk();
    write(disk, 0, 'old');
    sync(disk, 3, 2);
    disk.do(operation('open', { descriptor: 5, path: 'draft', number: create }));
    write(disk, 0, 'new', 5);
    sync(disk, 5, 3);
    disk.do(operation('rename', { path: 'draft', data: Buffer.from('file') }));
    const seen = new Set(
      powerCuts.flatMap((cut) => [1, 2, 3, 4].map((seed) => read(disk, makeLuck(cut, createRandom(seed))))),
    );
    expect(seen).toEqual(new Set(['new', 'old']));
  });

  it('mixes sectors of different ages, and nothing within one', () => {
    const sectors = 4;
    fc.assert(
      fc.property(
        fc.array(fc.record({ sector: fc.nat(sectors - 1), letter: fc.constantFrom('b', 'c', 'd') }), { maxLength: 8 }),
        fc.constantFrom(...powerCuts),
        fc.integer(),
        (writes, cut, seed) => {
          const disk = makeDisk();
          write(disk, 0, 'a'.repeat(sectors * sectorBytes));
          sync(disk, 3, 2);
          for (const { sector, letter } of writes) write(disk, sector * sectorBytes, letter.repeat(sectorBytes));
          const content = read(disk, makeLuck(cut, createRandom(seed))) ?? '';
          expect(content).toHaveLength(sectors * sectorBytes);
          for (let sector = 0; sector < sectors; sector++) {
            const letters = new Set(content.slice(sector * sectorBytes, (sector + 1) * sectorBytes));
            expect(letters.size).toBe(1);
            const possible = ['a', ...writes.filter((each) => each.sector === sector).map(({ letter }) => letter)];
            expect(possible).toEqual(expect.arrayContaining([...letters]));
          }
        },
      ),
    );
  });
});
