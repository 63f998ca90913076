import type { RunDocument, TaskDocument } from '../../client/run-document.ts';
import type { SampleDocument } from '../../client/stet.ts';
import { type AlertFinding, isRaised } from '../../contracts/alert-finding.ts';
import { describeVerdict } from '../output/alerts-text.ts';
import { findAnswerText } from '../output/answer-text.ts';
import type { ReportFile } from './report-file.ts';
import { escapeXmlText, renderXmlAttributes } from './xml.ts';

/** What became of one test case. */
export interface CaseOutcome {
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly message?: string;
  readonly type?: string;
  /** For people, below the message. */
  readonly details?: string;
}

interface Suite {
  readonly name: string;
  readonly run: RunDocument;
  readonly seconds: number;
  readonly startedAt: string | null;
  readonly properties: readonly (readonly [name: string, value: string])[];
}

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: CaseOutcome;
}

/**
 * Writes a run as JUnit XML: a suite for the run as a whole, with a case per task and per alert, then a suite per task with
 * a case per sample. Samples pass through one by one.
 */
export async function writeJunit(
  report: ReportFile,
  run: RunDocument,
  readSamples: (task: TaskDocument) => AsyncIterable<SampleDocument>,
): Promise<void> {
  await report.write(
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${renderXmlAttributes({ name: run.evaluation })}>\n`,
  );
  await writeSuite(report, describeRunSuite(run), listRunCases(run));
  for (const task of run.tasks) {
    await writeSuite(report, describeTaskSuite(run, task), listSampleCases(readSamples(task)));
  }
  await report.write('</testsuites>\n');
}

/** Room for counts of any size; blanks within a tag mean nothing. */
const countsWidth = 140;

async function writeSuite(
  report: ReportFile,
  suite: Suite,
  cases: AsyncIterable<Case> | Iterable<Case>,
): Promise<void> {
  const { name, run, startedAt, seconds, properties } = suite;
  const counts = { passed: 0, failure: 0, error: 0, skipped: 0 };
  await report.write(
    `  <testsuite${renderXmlAttributes({ name, ...(startedAt === null ? {} : { timestamp: startedAt.slice(0, 19) }), time: seconds.toFixed(3) })}`,
  );
  const place = report.position;
  await report.write(`${' '.repeat(countsWidth)}>\n    <properties>\n`);
  for (const [key, value] of properties) {
    await report.write(`      <property${renderXmlAttributes({ name: key, value })}/>\n`);
  }
  await report.write('    </properties>\n');
  for await (const each of cases) {
    counts[each.outcome.kind] += 1;
    await report.write(renderCase(each, `${run.evaluation}.${name}`));
  }
  await report.write('  </testsuite>\n');
  const tests = counts.passed + counts.failure + counts.error + counts.skipped;
  await report.patch(
    place,
    renderXmlAttributes({
      tests: String(tests),
      failures: String(counts.failure),
      errors: String(counts.error),
      skipped: String(counts.skipped),
    }),
  );
}

function renderCase({ name, seconds, outcome }: Case, classname: string): string {
  const opening = `    <testcase${renderXmlAttributes({ name, classname, time: seconds.toFixed(3) })}`;
  const { kind, message = '', type = '', details = '' } = outcome;
  switch (kind) {
    case 'passed':
      return `${opening}/>\n`;
    case 'skipped':
      return `${opening}>\n      <skipped${renderXmlAttributes({ message })}/>\n    </testcase>\n`;
    case 'failure':
    case 'error':
      return `${opening}>\n      <${kind}${renderXmlAttributes({ message, type })}>${escapeXmlText(details)}</${kind}>\n    </testcase>\n`;
  }
}

function describeRunSuite(run: RunDocument): Suite {
  return {
    name: 'run',
    run,
    seconds: run.duration_ms / 1000,
    startedAt: run.started_at,
    properties: [
      ['run', run.run],
      ...(run.label === null ? [] : [['label', run.label] as const]),
      ['status', run.status],
      ['cache_policy', run.cache_policy],
    ],
  };
}

function describeTaskSuite(run: RunDocument, task: TaskDocument): Suite {
  const { started_at: startedAt, ended_at: endedAt } = task;
  const isOver = startedAt !== null && endedAt !== null;
  return {
    name: task.key,
    run,
    seconds: isOver ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : 0,
    startedAt,
    properties: [
      ['task_result', task.task_result],
      ['status', task.status],
      ['reuse', task.reuse ?? ''],
      ...Object.entries(task.metrics ?? {}).map(([name, value]) => [`metric.${name}`, String(value ?? '')] as const),
    ],
  };
}

function* listRunCases(run: RunDocument): Generator<Case> {
  for (const task of run.tasks) yield { name: `task ${task.key}`, seconds: 0, outcome: judgeTask(task) };
  for (const finding of run.alerts ?? []) {
    const of = finding.task === null ? '' : ` of ${finding.task}`;
    yield { name: `alert ${finding.alert}${of}`, seconds: 0, outcome: judgeAlert(finding) };
  }
}

function judgeTask({ status, error }: TaskDocument): CaseOutcome {
  if (status === 'completed') return { kind: 'passed' };
  if (status === 'pending' || status === 'running') return { kind: 'skipped', message: status };
  if (error === null) return { kind: 'error', message: status, type: status };
  return { kind: 'error', message: error.message, type: error.code, details: error.hint ?? '' };
}

function judgeAlert(finding: AlertFinding): CaseOutcome {
  if (!isRaised(finding)) return { kind: 'passed' };
  return {
    kind: 'failure',
    message: `${finding.alert}: ${describeVerdict(finding.verdict)}`,
    type: 'alert',
    details: finding.sentence,
  };
}

async function* listSampleCases(samples: AsyncIterable<SampleDocument>): AsyncGenerator<Case> {
  for await (const sample of samples) {
    yield { name: sample.sample_id, seconds: addUpSeconds(sample), outcome: judgeSample(sample) };
  }
}

/** An error is an error, a score that is `false` in any trial a failure, a sample that nobody came to skipped. */
export function judgeSample(sample: SampleDocument): CaseOutcome {
  const { solved, scored } = sample;
  const solverErrors = (solved?.trials ?? []).flatMap(({ error }) => (error === undefined ? [] : [error]));
  const errors = scored === null ? solverErrors : scored.errors;
  const [first] = errors;
  if (first !== undefined) {
    return {
      kind: 'error',
      message: first.message,
      type: first.error_type,
      details: errors.map(({ stage, error_type, message }) => `${stage}: ${message} [${error_type}]`).join('\n'),
    };
  }
  if (scored === null) return { kind: 'skipped', message: solved === null ? 'not solved' : 'not scored' };
  const values = listValues(scored);
  const wrong = findWrong(scored);
  if (wrong.length === 0) return { kind: 'passed' };
  return {
    kind: 'failure',
    message: wrong.join(', '),
    type: 'score',
    details: [...values.map(({ name, value }) => `${name}: ${String(value)}`), ...listAnswers(sample)].join('\n'),
  };
}

type Scored = NonNullable<SampleDocument['scored']>;

function listValues({ scores }: Pick<Scored, 'scores'>) {
  return Object.entries(scores).flatMap(([scorer, score]) =>
    Object.entries(score.values).map(([name, value]) => ({ name: `${scorer}.${name}`, value })),
  );
}

/** Over several trials, `false` and `true` become a number between them: each trial is looked at. */
function findWrong({ trials }: Scored): readonly string[] {
  const verdicts = new Map<string, { wrong: number; all: number }>();
  for (const { scorer_key: scorer, score } of trials) {
    if (score === null) continue;
    for (const { name, value } of listValues({ scores: { [scorer]: score } })) {
      const verdict = verdicts.get(name) ?? { wrong: 0, all: 0 };
      verdicts.set(name, { wrong: verdict.wrong + (value === false ? 1 : 0), all: verdict.all + 1 });
    }
  }
  return [...verdicts]
    .filter(([, { wrong }]) => wrong > 0)
    .map(([name, { wrong, all }]) => `${name} is false${all === 1 ? '' : ` in ${wrong} of ${all} trials`}`);
}

const longestAnswer = 4_000;

function listAnswers({ solved }: SampleDocument): readonly string[] {
  return (solved?.trials ?? []).flatMap(({ trial, output }) => {
    const answer = output?.raw_outputs.at(-1);
    if (answer === undefined) return [];
    const text = findAnswerText(answer);
    const shown =
      text.length > longestAnswer
        ? `${text.slice(0, longestAnswer).replace(/[\ud800-\udbff]$/, '')} (cut off here)`
        : text;
    return [`answer${solved?.trials.length === 1 ? '' : ` of trial ${trial}`}: ${shown}`];
  });
}

function addUpSeconds({ solved, scored }: SampleDocument): number {
  const queries = [...(solved?.trials ?? []), ...(scored?.trials ?? [])].flatMap((trial) => trial.queries);
  return queries.reduce((sum, { evidence }) => sum + evidence.duration_ms, 0) / 1000;
}
