import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunDocument } from '../../client/run-document.ts';
import type { Reference } from './check-documents.ts';
import { nameResult, type Specification } from './evaluation.ts';
import { waitForNoProcess } from './processes.ts';
import { runCommandJson } from './run-command.ts';
import { writeRunFile } from './write-run-file.ts';

/** What evaluations come to when nothing happens to them. */
export interface References {
  readonly known: ReadonlyMap<string, Reference>;
  /** Evaluates, in a store of its own, what has not been yet. */
  learn(specifications: readonly Specification[]): Promise<void>;
}

const serverEndMs = 20_000;
/** More than the rounds that can still come back to one. */
const mostKept = 200;

export function createReferences(folder: string, baseUrl: string): References {
  const known = new Map<string, Reference>();
  return {
    known,
    async learn(specifications) {
      const missing = new Map(
        specifications.flatMap((entry) => (known.has(nameResult(entry)) ? [] : [[nameResult(entry), entry]])),
      );
      if (missing.size === 0) return;
      await mkdir(folder, { recursive: true });
      const entries = [...missing.values()].map((entry, index) => ({ ...entry, key: `s${index}` }));
      const evaluation = { key: 'reference', policy: 'no-cache', specifications: entries } as const;
      const file = await writeRunFile(folder, 'reference.json', evaluation, baseUrl);
      const store = path.join(folder, 'store');
      const document = await runCommandJson<RunDocument>(['run', '-f', file, '--store', store], folder);
      for (const entry of entries) {
        const task = document.tasks.find(({ key }) => key === entry.key);
        if (task?.status !== 'completed')
          throw new Error(`The undisturbed run of ${nameResult(entry)} is ${task?.status}.`);
        const { result_digest, metrics, samples } = task;
        known.set(nameResult(entry), { result_digest, metrics, errors: samples.errors });
      }
      for (const name of [...known.keys()].slice(0, Math.max(0, known.size - mostKept))) known.delete(name);
      await waitForNoProcess(folder, serverEndMs);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
