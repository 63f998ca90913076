import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStet, type Stet } from '../embedded/index.ts';
import { createSealedColumns, plainColumns } from '../storage/encryption/column-codec.ts';
import { makeEncryptionRecord } from '../storage/encryption/encryption-record.ts';
import { parseKeyRing } from '../storage/encryption/key-ring.ts';
import { StoreCipher } from '../storage/encryption/store-cipher.ts';
import { makeSums, makeSumsRun } from './sums/make-sums-run.ts';

// `npm run bench:encryption [samples]`: what encryption at rest costs, a row of the journal and a whole run, against a plain
// store on the same machine in the same minutes. In processor time, which a busy machine distorts least.

const samples = Number(process.argv[2] ?? 5_000);
const rounds = 3;
const rows = 20_000;
const rowBytes = 1_000;

const keys = `bench:${randomBytes(32).toString('base64')}`;
const { STET_STORE: _store, ...environment } = process.env;
const folder = await mkdtemp(path.join(tmpdir(), 'stet-bench-encryption-'));

try {
  const [plainUs, sealedUs] = [measureRows(plainColumns), measureRows(openSealedColumns())];
  console.log(
    `a row of ${rowBytes} bytes, sealed and opened: ${sealedUs.toFixed(1)} µs; left plain: ${plainUs.toFixed(1)} µs`,
  );
  const plain = await open('plain', {});
  const encrypted = await open('encrypted', { STET_ENCRYPTION_KEYS: keys });
  try {
    const spent = { plain: [] as number[], encrypted: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const ofRound = { plain: await measureRun(plain, round), encrypted: await measureRun(encrypted, round) };
      if (round === 0) continue; // compiles, and starts the servers
      spent.plain.push(ofRound.plain);
      spent.encrypted.push(ofRound.encrypted);
    }
    const [ofPlain, ofEncrypted] = [Math.min(...spent.plain), Math.min(...spent.encrypted)];
    console.log(`a run in process: ${ofPlain.toFixed(3)} ms a sample plain, ${ofEncrypted.toFixed(3)} ms encrypted`);
    console.log(`encrypted / plain: ${(ofEncrypted / ofPlain).toFixed(2)}`);
  } finally {
    await encrypted.close();
    await plain.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function openSealedColumns() {
  const ring = parseKeyRing(keys, 'the benchmark');
  return createSealedColumns(new StoreCipher(JSON.stringify(makeEncryptionRecord(ring.keys[0], 'encrypted')), ring));
}

/** Microseconds of processor time a row. */
function measureRows(columns: typeof plainColumns): number {
  const text = 'x'.repeat(rowBytes);
  const sealAndOpen = (sampleIndex: number): void => {
    const name = { task_result_id: 'task', stage: 'solve', segment_index: 0, sample_index: sampleIndex } as const;
    columns.open('journal_outcomes', 'outcome', name, columns.seal('journal_outcomes', 'outcome', name, text));
  };
  for (let index = 0; index < rows; index++) sealAndOpen(index);
  const before = process.cpuUsage();
  for (let index = 0; index < rows; index++) sealAndOpen(index);
  return totalUs(process.cpuUsage(before)) / rows;
}

function open(name: string, keySettings: Readonly<Record<string, string>>): Promise<Stet> {
  return openStet({
    store: path.join(folder, name),
    workingDirectory: folder,
    temporal: 'embedded',
    environment: { ...environment, ...keySettings },
  });
}

/** Milliseconds of processor time a sample, of this process, in which everything but Temporal is. */
async function measureRun(stet: Stet, round: number): Promise<number> {
  const run = makeSumsRun({
    model: { config: { connection_type: 'placeholder' } },
    source: { type: 'inline', samples: makeSums(samples, `${round}: `) },
  });
  const before = process.cpuUsage();
  const { status, tasks } = await (await stet.run(run)).result();
  if (status !== 'completed') throw new Error(`The run is ${status}: ${JSON.stringify(tasks[0]?.error)}`);
  return totalUs(process.cpuUsage(before)) / 1_000 / samples;
}

function totalUs({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
