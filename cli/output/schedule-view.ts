import type { ScheduleDocument, ScheduledRunDocument } from '../../client/schedules/schedule-documents.ts';
import { isRaised } from '../../contracts/alert-finding.ts';
import { renderAlerts } from './alerts-text.ts';
import { formatDuration, formatMetric, formatPlural } from './format.ts';
import type { MakeCommandLine } from './next-steps.ts';
import type { HumanOutput } from './output.ts';
import { renderStatus } from './result-table.ts';
import { describeTiming, renderAlertCount } from './schedule-list.ts';
import { renderTable } from './table.ts';
import { cleanLine, cleanText } from './text.ts';

/** What was just made, and what it needs to fire. */
export function renderAddedSchedule(
  schedule: ScheduleDocument,
  output: HumanOutput,
  nowMs: number,
  commandLine: MakeCommandLine,
): string {
  const [first] = schedule.next;
  const when = first === undefined ? 'These times never come: look at its cron expression.' : `First at ${first}.`;
  const who =
    schedule.temporal === 'embedded'
      ? `It fires only while a server runs on this store; keep one up: ${commandLine('up')}\n`
      : 'Temporal starts its runs, and the workers of this store do the work.\n';
  return `Schedule ${output.style.strong(schedule.schedule)} is added: ${describeTiming(schedule)}. ${when}\n${who}`;
}

/** A schedule with its next firings, its last runs and what went wrong. */
export function renderSchedule(schedule: ScheduleDocument, output: HumanOutput): string {
  const { style } = output;
  const [last] = schedule.runs;
  return [
    renderSpec(schedule, output),
    schedule.runs.length === 0 ? 'No runs yet.\n' : renderRuns(schedule.runs, output),
    renderAlerts((last?.alerts ?? []).filter(isRaised), style),
    renderTroubles(schedule, output),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function renderSpec(schedule: ScheduleDocument, { style }: HumanOutput): string {
  const next = schedule.paused ? style.attention('paused') : schedule.next.join(', ') || 'never';
  const lines: readonly (readonly [string, string])[] = [
    ['evaluation', `${schedule.evaluation}, policy ${schedule.cache_policy}`],
    ['when', describeTiming(schedule)],
    ['next', next],
    ['overlap', schedule.overlap],
    ['catch-up', formatDuration(schedule.catch_up_ms)],
    ...(schedule.jitter_ms === 0 ? [] : [['jitter', formatDuration(schedule.jitter_ms)] as const]),
    ['runs', schedule.tracks ? `${schedule.file}, read at each firing` : 'the plan as it was when it was added'],
    ...(schedule.alerts.length === 0
      ? []
      : [['alerts', `${schedule.alerts.join('; ')} (baseline: ${schedule.baseline})`] as const]),
    ...(schedule.notify === null ? [] : [['notify', schedule.notify] as const]),
  ];
  const rest = lines.map(([name, value]) => `  ${style.faint(`${name}:`)} ${cleanLine(value)}\n`).join('');
  return `Schedule ${style.strong(schedule.schedule)}\n${rest}`;
}

function renderRuns(runs: readonly ScheduledRunDocument[], output: HumanOutput): string {
  return renderTable(
    [{ title: 'run' }, { title: 'status' }, { title: 'metrics' }, { title: 'alerts' }],
    runs.map((run) => [
      run.run,
      renderStatus(run.status, output.style),
      cleanLine(describeMetrics(run)),
      renderAlertCount(run, output),
    ]),
    output,
  );
}

function describeMetrics({ tasks }: ScheduledRunDocument): string {
  const isOnly = tasks.length === 1;
  return tasks
    .flatMap(({ key, metrics }) =>
      Object.entries(metrics ?? {}).map(([name, value]) => `${isOnly ? '' : `${key}.`}${name} ${formatMetric(value)}`),
    )
    .join(', ');
}

function renderTroubles(
  { skipped, missed, last_failure, undelivered }: ScheduleDocument,
  { style }: HumanOutput,
): string {
  return [
    ...(skipped === 0 ? [] : [`${formatPlural(skipped, 'firing')} skipped, since the run before was not over.\n`]),
    ...(missed === 0 ? [] : [`${formatPlural(missed, 'firing')} missed: due while nothing ran.\n`]),
    ...(last_failure === null
      ? []
      : [
          `The firing of ${last_failure.scheduled_at} could not begin: ${cleanText(last_failure.error.message)} ${style.faint(`[${last_failure.error.code}]`)}\n`,
        ]),
    ...undelivered.map(
      ({ notification, attempts, next_attempt_at, error }) =>
        `Notification ${notification} is not delivered after ${formatPlural(attempts, 'try', 'tries')}` +
        `${error === null ? '' : `: ${cleanLine(error)}`}; ${next_attempt_at === null ? 'given up' : `next at ${next_attempt_at}`}.\n`,
    ),
  ].join('');
}
