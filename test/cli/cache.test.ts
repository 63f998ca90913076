import { describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { makeStoredResult, noFiles, noRows } from './fake-cache.ts';
import { FakeContext } from './fake-stet.ts';

async function run(commandLine: string, prepare: (context: FakeContext) => void = () => {}) {
  const context = new FakeContext(commandLine);
  prepare(context);
  const exitCode = await runProgram(context, '1.2.3');
  return { exitCode, context, asked: context.stet.asked };
}

describe('cache', () => {
  it('names its commands in its help, and each has examples of its own', async () => {
    const { context } = await run('cache --help');
    for (const name of ['ls', 'verify', 'gc', 'rm']) {
      expect(context.output).toMatch(new RegExp(`^  ${name} `, 'm'));
      const help = await run(`cache ${name} --help`);
      expect(help.exitCode).toBe(0);
      expect(help.context.output).toContain(`Examples:\n  stet cache ${name}`);
    }
  });

  it.each([
    'cache',
    'cache lss',
    'cache rm',
    'cache gc --older-than 30',
    'cache gc --older-than month',
    'cache gc --keep-latest -1 --older-than 1d',
    'cache gc --keep-latest 3',
    'cache gc --purge',
  ])('exits with 2 for "%s" and does nothing', async (commandLine) => {
    const { exitCode, asked } = await run(commandLine);
    expect(exitCode).toBe(2);
    expect(asked).toEqual([]);
  });

  it.each(['ls', 'verify', 'gc', 'rm latest'])('prints exactly one document with --json: %s', async (words) => {
    const { exitCode, context } = await run(`cache ${words} --json`);
    expect(exitCode).toBe(0);
    expect(typeof JSON.parse(context.output)).toBe('object');
  });
});

describe('cache ls', () => {
  it('lists what is stored, why it cannot be reused where it cannot, and totals', async () => {
    const { context, asked } = await run('cache ls --task answers', ({ stet }) => {
      stet.cache.listDocument = {
        results: [
          makeStoredResult(),
          makeStoredResult({ run: 'ccccdddd00000000', reusable: 'none', because: 'cancelled', solved_at: null }),
        ],
        totals: {
          results: 2,
          reusable: 1,
          size_bytes: 60_000,
          store: { blobs: { count: 12, size_bytes: 80_000 }, database_size_bytes: 4_000_000 },
        },
      };
    });
    expect(asked).toEqual([{ list: { task: 'answers' } }]);
    expect(context.output.split('\n').slice(0, -1)).toEqual([
      'task     run       solved   by            samples  errors     size  stand on it  reusable',
      'answers  aaaabbbb  1 h ago  ada@workshop      200       0  54.0 kB            2  yes',
      'answers  ccccdddd  –        ada@workshop      200       0  54.0 kB            2  no: cancelled',
      '2 results, 1 of them reusable in full; 60.0 kB, shared pieces counted once.',
      'The store: 12 blobs, 80.0 kB, and a database of 4.0 MB.',
    ]);
  });
});

describe('cache verify', () => {
  it('exits with 0 where all is sound', async () => {
    const { exitCode, context } = await run('cache verify');
    expect(exitCode).toBe(0);
    expect(context.output).toBe(
      'ok    The database is sound.\nok    8 stored pieces (60.0 kB) are what the records say.\n',
    );
  });

  it('exits with 1 where something is lost, names whose it was, and says what will happen', async () => {
    const concern = { run: 'aaaabbbb00000000', task: 'answers', task_result: 'tr1', reusable: 'none' } as const;
    const { exitCode, context } = await run('cache verify', ({ stet }) => {
      stet.cache.verifyDocument = {
        ...stet.cache.verifyDocument,
        sound: false,
        damaged: [
          {
            digest: `sha256:${'a'.repeat(64)}`,
            piece: 'solver-outputs',
            problem: 'missing',
            consequence: 'Nothing of the result stands: the next run computes it anew.',
            concerns: [concern, { ...concern, run: 'ccccdddd00000000', reusable: null }],
          },
        ],
      };
    });
    expect(exitCode).toBe(1);
    expect(context.output.split('\n').slice(2)).toEqual([
      'FAIL  1 piece lost or damaged:',
      '      solver outputs missing: answers of run aaaabbbb, answers of run ccccdddd. Nothing of the result stands: the next run computes it anew.',
      `        sha256:${'a'.repeat(64)}`,
      '',
    ]);
  });

  it('exits with 1 where the database is damaged', async () => {
    const { exitCode, context } = await run('cache verify', ({ stet }) => {
      stet.cache.verifyDocument = {
        ...stet.cache.verifyDocument,
        sound: false,
        database: { sound: false, checked: 'pages', problems: ['row 3 missing from index'] },
      };
    });
    expect(exitCode).toBe(1);
    expect(context.output).toContain('FAIL  The database is damaged');
    expect(context.output).toContain('row 3 missing from index');
  });
});

describe('cache gc', () => {
  it('asks for what was typed and says what it freed', async () => {
    const { context, asked } = await run('cache gc --older-than 30d --keep-latest 3', ({ stet }) => {
      stet.cache.gcDocument = {
        dry_run: false,
        rows: { ...noRows, runs: 2, task_results: 5, journal_rows: 1_200, selections: 1 },
        blobs: { count: 104, size_bytes: 12_300_000 },
        temporary_files: { count: 1, size_bytes: 100 },
        damaged_files: noFiles,
        freed_bytes: 12_300_100,
        kept: { count: 5, size_bytes: 30_000 },
      };
    });
    expect(asked).toEqual([{ gc: { dryRun: false, olderThanMs: 2_592_000_000, keepLatest: 3 } }]);
    expect(context.output).toBe(
      'Removed 2 runs, 5 task results, 1,200 journal rows and 1 stored selection of a dataset.\n' +
        'Freed 12.3 MB: 104 blobs (12.3 MB) and 1 temporary file (100 B).\n' +
        '5 blobs (30.0 kB) that nothing refers to: written lately, so left to a later gc.\n',
    );
  });

  it('says what would be freed, and that there is nothing', async () => {
    const { context } = await run('cache gc --dry-run', ({ stet }) => {
      stet.cache.gcDocument = {
        ...stet.cache.gcDocument,
        dry_run: true,
        blobs: { count: 1, size_bytes: 999 },
        freed_bytes: 999,
      };
    });
    expect(context.output).toBe('Would free 999 B: 1 blob (999 B).\n');
    expect((await run('cache gc')).context.output).toBe('Nothing to remove.\n');
  });
});

describe('cache rm', () => {
  const answers = { run: 'aaaabbbb00000000', task: 'answers', task_result: 'tr1' };
  const other = { run: 'ccccdddd00000000', task: 'answers', task_result: 'tr2' };

  it('says what it took out, for whom it stays, and how the rest goes', async () => {
    const { context, asked } = await run('cache rm aaaa latest/answers', ({ stet }) => {
      stet.cache.rmDocument = {
        dry_run: false,
        removed: [{ ...answers, was_removed: false, reused_from: null }],
        stayed: [
          { removed: answers, by: other, what: 'everything' },
          { removed: answers, by: other, what: 'solver-outputs' },
        ],
        purged: null,
      };
    });
    expect(asked).toEqual([{ remove: ['aaaa', 'latest/answers'], options: { purge: false, dryRun: false } }]);
    expect(context.output).toBe(
      'Took out answers of run aaaabbbb.\n' +
        '  All of it stays for answers of run ccccdddd.\n' +
        '  Its solver outputs stay for answers of run ccccdddd.\n' +
        'What nothing stands on goes with the next: stet cache gc\n',
    );
  });

  it('says that what a full reuse repeats is still found, and how to take that out', async () => {
    const { context } = await run('cache rm latest --store data', ({ stet }) => {
      stet.cache.rmDocument = {
        dry_run: true,
        removed: [{ ...other, was_removed: false, reused_from: answers }],
        stayed: [],
        purged: null,
      };
    });
    expect(context.output).toBe(
      'Would take out answers of run ccccdddd.\n' +
        '  It repeats answers of run aaaabbbb, which look-ups still find. Take that out, too: stet cache rm aaaabbbb/answers --store data\n',
    );
  });

  it('says what a purge erased and what it left, and why', async () => {
    const { context } = await run('cache rm latest --purge', ({ stet }) => {
      stet.cache.rmDocument = {
        dry_run: false,
        removed: [{ ...answers, was_removed: true, reused_from: null }],
        stayed: [],
        purged: {
          rows: { ...noRows, runs: 1, task_results: 1 },
          blobs: { count: 4, size_bytes: 3_000 },
          used: { count: 2, size_bytes: 1_000 },
          busy: { count: 1, size_bytes: 10 },
        },
      };
    });
    expect(context.output).toBe(
      'Had been taken out before: answers of run aaaabbbb.\n' +
        'Erased 1 run, 1 task result and 4 blobs (3.0 kB).\n' +
        'Stays, since others use it: 2 blobs (1.0 kB).\n' +
        'Stays, since an open run may be about to use it: 1 blob (10 B). Erase it later: stet cache gc\n',
    );
  });
});
