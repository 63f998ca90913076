import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeJunit } from '../../../cli/reports/junit.ts';
import { writeWhole } from '../../../cli/reports/report-file.ts';
import type { RunDocument } from '../../../client/run-document.ts';
import type { SampleDocument } from '../../../client/stet.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeRun, makeTask } from '../fake-stet.ts';
import { makeSample } from './samples.ts';

// What was written is read by Python's expat, which refuses whatever is not XML.
const reader = `
import json, sys, xml.etree.ElementTree as tree
def read(element):
    return {'tag': element.tag, 'attributes': element.attrib, 'text': element.text or '', 'children': [read(each) for each in element]}
print(json.dumps([read(tree.parse(file).getroot()) for file in sys.argv[1:]]))
`;

interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Element[];
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

function readXml(files: readonly string[]): readonly Element[] {
  return JSON.parse(execFileSync('python3', ['-c', reader, ...files], { encoding: 'utf8' })) as readonly Element[];
}

async function write(name: string, run: RunDocument, samples: readonly SampleDocument[]): Promise<string> {
  const file = path.join(folder.path, name);
  await writeWhole(file, (report) =>
    writeJunit(report, run, async function* () {
      yield* samples;
    }),
  );
  return file;
}

/** What docs/output.md says of characters that XML cannot hold. */
function makeVisible(text: string): string {
  return text.replace(
    /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function makeRow(id: string, answer: string): SampleDocument {
  return makeSample({ id, answer, scores: { exact: { values: { is_correct: false }, metadata: {} } } });
}

describe('JUnit XML', () => {
  it('gives names and answers back through another parser, whatever characters they have', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '<',
          '>',
          '&',
          '"',
          "'",
          ']]>',
          '\0',
          '\u0008',
          '\r',
          '\n',
          '\t',
          '\ud800',
          '\ufffe',
          '😀',
        ),
      }),
    );
    const cases = [
      ...fc.sample(fc.record({ id: text, answer: text }), { numRuns: 300, seed: 6 }),
      { id: '\ud83d', answer: 'cut \udc00 off' },
    ];
    const file = await write(
      'any.xml',
      makeRun(),
      cases.map(({ id, answer }) => makeRow(id, answer)),
    );
    const [root] = readXml([file]);
    const read = (root?.children[1]?.children ?? []).filter(({ tag }) => tag === 'testcase');
    expect(read.map(({ attributes, children: [failure] }) => [attributes['name'], failure?.text])).toEqual(
      cases.map(({ id, answer }) => [makeVisible(id), `exact.is_correct: false\nanswer: ${makeVisible(answer)}`]),
    );
  });

  it('counts what it holds: wrong scores are failures, errors errors, what nobody came to skipped', async () => {
    const error = { stage: 'solver', error_type: 'model-error', message: 'status 500', trial: 0 } as const;
    const samples = [
      makeSample({ id: 'right' }),
      makeRow('wrong', 'no'),
      makeSample({ id: 'broken', errors: [error] }),
      { ...makeSample({ id: 'unsolved' }), solved: null, scored: null },
    ];
    const finding = {
      alert: 'accuracy < 0.9',
      task: 'answers',
      metric: 'accuracy',
      verdict: 'fired',
      value: 0.5,
      baseline_run: null,
      baseline_value: null,
      difference: null,
      sentence: 'accuracy is 0.5.',
    } as const;
    const failed = makeTask({ key: 'other', status: 'failed', error: { code: 'model-unusable', message: 'No key.' } });
    const run = makeRun({ status: 'failed', tasks: [makeTask(), failed], alerts: [finding] });
    const [root] = readXml([await write('counts.xml', run, samples)]);
    const [ofRun, ofTask] = root?.children ?? [];
    expect(root?.attributes).toEqual({ name: 'quickstart' });
    expect(ofRun?.attributes).toMatchObject({ name: 'run', tests: '3', failures: '1', errors: '1', skipped: '0' });
    expect(ofTask?.attributes).toMatchObject({ name: 'answers', tests: '4', failures: '1', errors: '1', skipped: '1' });
    const cases = ofTask?.children.filter(({ tag }) => tag === 'testcase') ?? [];
    expect(cases.map(({ attributes, children: [outcome] }) => [attributes['name'], outcome?.tag])).toEqual([
      ['right', undefined],
      ['wrong', 'failure'],
      ['broken', 'error'],
      ['unsolved', 'skipped'],
    ]);
    expect(cases[0]?.attributes).toMatchObject({ classname: 'quickstart.answers', time: '1.250' });
    expect(cases[2]?.children[0]?.attributes).toEqual({ message: 'status 500', type: 'model-error' });
  });

  it('is not there, and leaves no trace, where the samples could not be read to the end', async () => {
    const file = path.join(folder.path, 'broken.xml');
    const unreadable = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('The disk is gone.')) }),
    };
    const writing = writeWhole(file, (report) => writeJunit(report, makeRun(), () => unreadable));
    await expect(writing).rejects.toThrow('The disk is gone.');
    expect((await readdir(folder.path)).filter((name) => name.includes('broken'))).toEqual([]);
  });
});
