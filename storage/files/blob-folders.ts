import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder, syncFolder } from './durable-file.ts';

/** The folders of blobs, as far as one process has made sure that a power cut cannot take them. */
export interface BlobFolders {
  /** Makes the folder where it is absent; on return its name is durable, whoever made it. */
  ensure(folder: string): Promise<void>;
  /** The folder has turned out to be missing. */
  forget(folder: string): void;
}

/**
 * That a folder is there does not say that its name is durable: whoever made it may have been killed before it synced the
 * folder above, or be about to do so at this moment. All that exist at first are made sure of at once, later ones one by
 * one; who needs the same waits for the same.
 */
export function createBlobFolders(directory: string): BlobFolders {
  const above = join(directory, 'blobs');
  const durable = new Map<string, Promise<void>>();
  let survey: Promise<void> | undefined;

  const settleExisting = async (): Promise<void> => {
    await createFolder(above);
    const names = await readdir(above);
    await syncFolder(above);
    for (const name of names) durable.set(join(above, name), Promise.resolve());
  };

  return {
    async ensure(folder) {
      survey ??= settleExisting().catch((error: unknown) => {
        survey = undefined;
        throw error;
      });
      await survey;
      let made = durable.get(folder);
      if (made === undefined) {
        made = createFolder(folder).catch((error: unknown) => {
          durable.delete(folder);
          throw error;
        });
        durable.set(folder, made);
      }
      await made;
    },
    forget(folder) {
      durable.delete(folder);
    },
  };
}
