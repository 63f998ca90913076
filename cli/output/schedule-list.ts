import type { ScheduledRunDocument, ScheduleSummaryDocument } from '../../client/schedules/schedule-documents.ts';
import { isRaised } from '../../contracts/alert-finding.ts';
import { formatAge, formatDuration } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderStatus } from './result-table.ts';
import { renderTable } from './table.ts';

/** Schedules by name, each with what became of its last firing. */
export function renderScheduleList(
  schedules: readonly ScheduleSummaryDocument[],
  output: HumanOutput,
  nowMs: number,
): string {
  return renderTable(
    [
      { title: 'schedule' },
      { title: 'evaluation' },
      { title: 'policy' },
      { title: 'when' },
      { title: 'last run' },
      { title: 'status' },
      { title: 'alerts' },
    ],
    schedules.map((schedule) => {
      const { last_run: last } = schedule;
      return [
        schedule.schedule,
        schedule.evaluation,
        schedule.cache_policy,
        schedule.paused ? output.style.attention('paused') : describeTiming(schedule),
        last === null ? '–' : formatAge(last.started_at, nowMs),
        last === null ? '–' : renderStatus(last.status, output.style),
        last === null ? '–' : renderAlertCount(last, output),
      ];
    }),
    output,
  );
}

export function describeTiming({ cron, every_ms, timezone }: Omit<ScheduleSummaryDocument, 'last_run'>): string {
  return cron === null ? `every ${formatDuration(every_ms ?? 0)}` : `${cron} ${timezone}`;
}

export function renderAlertCount({ alerts }: ScheduledRunDocument, { style }: HumanOutput): string {
  if (alerts === null) return '–';
  const raised = alerts.filter(isRaised).length;
  return raised === 0 ? 'quiet' : style.bad(`${raised} fired`);
}
