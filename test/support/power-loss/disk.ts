import { DiskFile, type FileLuck } from './disk-file.ts';
import { DiskFolder, type DiskNode, type FolderLuck } from './disk-folder.ts';
import { type Operation, opensEmpty, opensNew } from './operation-log.ts';

// A model of what a power cut may leave of the calls of a process. POSIX promises that what `fsync` was called on is on
// the disk once it returns, and says nothing else; so does the model, with the following read into it:
//
// - A file is its contents and its size: `fsync` and `fdatasync` of a descriptor make durable what was written through any
//   descriptor of the file before the call began. Without them, any sector and the size may be older (`disk-file.ts`).
// - A name belongs to the folder that holds it, and is durable once that folder was synced, with every folder above it.
//   ext4 and xfs in their usual modes keep more (the sync of a new file brings its name along, changes of names come
//   through in their order); the model relies on neither.
// - A rename within a folder is one step, as on every journalling file system; between folders it is two.
// - SQLite's shared memory (`-shm`) is gone: its first opener after a restart makes it anew, whatever was in it.
// - What other processes wrote, which is not recorded, is gone: here the database and the log of Temporal's server.
//
// Taken for granted: a drive keeps what it acknowledged a flush of and writes a sector wholly or not at all; a write
// leaves the bytes beside it alone (SQLite calls that "powersafe overwrite"); synced bytes do not rot; a failed sync is
// reported and was not one. An operation in progress at the cut is one that had not ended.
//
// Sources: the texts on `fsync` and `rename` of POSIX and of Linux' manual, Pillai and others, "All File Systems Are Not
// Created Equal" (OSDI 2014), and sqlite.org/psow.html, sqlite.org/atomiccommit.html.

/** What a power cut lets a disk keep; each file and folder draws its own. */
export interface Luck {
  readonly forFile: () => FileLuck;
  readonly forFolder: () => FolderLuck;
}

/** What is on the disk after a power cut, by path relative to the recorded folder. */
export interface DiskImage {
  readonly folders: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Whatever was done has reached the disk: what is left when a process ends and the machine goes on. */
export const everythingKept: Luck = {
  forFile: () => ({ pickSize: (count) => count, pickSector: (count) => count, filler: 0 }),
  forFolder: () => ({ keepsEntry: () => true }),
};

/** Nothing has reached the disk but what was synced. */
export const onlySyncedKept: Luck = {
  forFile: () => ({ pickSize: () => 0, pickSector: () => 0, filler: 0 }),
  forFolder: () => ({ keepsEntry: () => false }),
};

/** A disk, empty at first, that recorded operations are done on. */
export class Disk {
  readonly #root = new DiskFolder();
  readonly #open = new Map<string, DiskNode>();
  readonly #syncs = new Map<string, { readonly node: DiskNode; readonly changes: number }>();
  readonly #isLeftOut: (path: string) => boolean;
  readonly #paths = new Map<DiskNode, string>();

  /** @param isLeftOut - Files of which not every change is recorded: they are missing from every image. */
  constructor(isLeftOut: (path: string) => boolean) {
    this.#isLeftOut = isLeftOut;
  }

  do(operation: Operation): void {
    const { kind, path, number, data } = operation;
    switch (kind) {
      case 'open':
        this.#open.set(nameDescriptor(operation), this.#openNode(path, number));
        return;
      case 'close':
        this.#open.delete(nameDescriptor(operation));
        return;
      case 'duplicate':
        this.#open.set(`${operation.process}:${number}`, this.#getOpen(operation));
        return;
      case 'write':
        this.#getOpenFile(operation).change({ kind: 'write', offset: number, data });
        return;
      case 'truncate':
        this.#getOpenFile(operation).change({ kind: 'truncate', size: number });
        return;
      case 'rename':
        this.#rename(path, data.toString('utf8'));
        return;
      case 'link':
        this.#add(data.toString('utf8'), this.#get(path));
        return;
      case 'make-folder':
        this.#add(path, new DiskFolder());
        return;
      case 'unlink':
      case 'remove-folder': {
        const { folder, name } = this.#locate(path);
        folder.change({ removed: name });
        return;
      }
      case 'sync-begin': {
        const node = this.#getOpen(operation);
        this.#syncs.set(`${operation.process}:${number}`, { node, changes: node.changeCount });
        return;
      }
      case 'sync-end': {
        const sync = this.#syncs.get(`${operation.process}:${number}`);
        if (sync === undefined) throw new Error('A sync ended that had not begun.');
        sync.node.settle(sync.changes);
        return;
      }
      case 'map': {
        const mapped = this.#paths.get(this.#getOpen(operation)) ?? '';
        if (!this.#isLeftOut(mapped)) throw new Error(`"${mapped}" is changed through memory, which is not recorded.`);
        return;
      }
      case 'unknown':
        throw new Error(`The model knows no "${path}".`);
    }
  }

  /** Path of the file or folder that an operation on a descriptor is about, as it was when it was opened. */
  findPath(operation: Operation): string {
    const node = this.#open.get(nameDescriptor(operation));
    return (node === undefined ? undefined : this.#paths.get(node)) ?? operation.path;
  }

  cutPower(luck: Luck): DiskImage {
    const folders: string[] = [];
    const files = new Map<string, Buffer>();
    const visit = (folder: DiskFolder, prefix: string): void => {
      for (const [name, node] of folder.surviving(luck.forFolder())) {
        const path = `${prefix}${name}`;
        if (node instanceof DiskFile) {
          if (!this.#isLeftOut(path)) files.set(path, node.surviving(luck.forFile()));
        } else {
          folders.push(path);
          visit(node, `${path}/`);
        }
      }
    };
    visit(this.#root, '');
    return { folders, files };
  }

  #openNode(path: string, flags: number): DiskNode {
    const existing = this.#find(path);
    if (existing instanceof DiskFile && opensEmpty(flags)) existing.change({ kind: 'truncate', size: 0 });
    if (existing !== undefined) return existing;
    if (!opensNew(flags) && !this.#isLeftOut(path))
      throw new Error(`"${path}" was opened, and nothing recorded has made it.`);
    return this.#add(path, new DiskFile());
  }

  #add(path: string, node: DiskNode): DiskNode {
    const { folder, name } = this.#locate(path);
    folder.change({ added: { name, node } });
    this.#paths.set(node, path);
    return node;
  }

  #rename(from: string, to: string): void {
    const source = this.#locate(from);
    const target = this.#locate(to);
    const node = this.#find(from) ?? this.#openNode(from, 0);
    if (source.folder === target.folder) {
      source.folder.change({ removed: source.name, added: { name: target.name, node } });
    } else {
      target.folder.change({ added: { name: target.name, node } });
      source.folder.change({ removed: source.name });
    }
    this.#paths.set(node, to);
  }

  #locate(path: string): { readonly folder: DiskFolder; readonly name: string } {
    const slash = path.lastIndexOf('/');
    const folder = this.#find(path.slice(0, Math.max(0, slash)));
    if (!(folder instanceof DiskFolder)) throw new Error(`Nothing recorded has made the folder of "${path}".`);
    return { folder, name: path.slice(slash + 1) };
  }

  #get(path: string): DiskNode {
    const node = this.#find(path);
    if (node === undefined) throw new Error(`Nothing recorded has made "${path}".`);
    return node;
  }

  #find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.#root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (!(node instanceof DiskFolder)) return undefined;
      node = node.find(name);
    }
    return node;
  }

  #getOpen(operation: Operation): DiskNode {
    const node = this.#open.get(nameDescriptor(operation));
    if (node === undefined) throw new Error(`A ${operation.kind} on a descriptor that was not opened.`);
    return node;
  }

  #getOpenFile(operation: Operation): DiskFile {
    const node = this.#getOpen(operation);
    if (!(node instanceof DiskFile)) throw new Error(`A ${operation.kind} on a folder.`);
    return node;
  }
}

function nameDescriptor({ process, descriptor }: Operation): string {
  return `${process}:${descriptor}`;
}
