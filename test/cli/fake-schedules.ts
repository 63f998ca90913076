import type { ScheduleDocument, ScheduleSummaryDocument } from '../../client/schedules/schedule-documents.ts';
import type { AddScheduleOptions, Schedules } from '../../client/schedules/schedules.ts';
import type { RunFileInput } from '../../evaluation/spec/run-file.ts';

/** A schedule of which nothing is out of the ordinary. */
export function makeSchedule(change: Partial<ScheduleDocument> = {}): ScheduleDocument {
  return {
    schedule: 'nightly',
    evaluation: 'quickstart',
    cache_policy: 'update',
    cron: '0 3 * * *',
    every_ms: null,
    timezone: 'Europe/Berlin',
    paused: false,
    jitter_ms: 0,
    overlap: 'skip',
    catch_up_ms: 3_600_000,
    file: '/somewhere/run.yaml',
    tracks: false,
    alerts: [],
    baseline: null,
    notify: null,
    created_at: '2026-03-01T00:00:00.000Z',
    temporal: 'embedded',
    next: ['2026-03-02T02:00:00.000Z'],
    skipped: 0,
    missed: 0,
    last_failure: null,
    runs: [],
    undelivered: [],
    ...change,
  };
}

/** Schedules that are what a test says, and remember what they were asked. */
export class FakeSchedules implements Schedules {
  document = makeSchedule();
  summaries: readonly ScheduleSummaryDocument[] = [];
  private readonly asked: unknown[];

  constructor(asked: unknown[]) {
    this.asked = asked;
  }

  async add(source: string | RunFileInput, options: AddScheduleOptions): Promise<ScheduleDocument> {
    this.asked.push({ add: source, options });
    return this.document;
  }

  async list(): Promise<readonly ScheduleSummaryDocument[]> {
    return this.summaries;
  }

  async show(name: string): Promise<ScheduleDocument> {
    this.asked.push({ show: name });
    return this.document;
  }

  async pause(name: string): Promise<void> {
    this.asked.push({ pause: name });
  }

  async resume(name: string): Promise<void> {
    this.asked.push({ resume: name });
  }

  async trigger(name: string): Promise<void> {
    this.asked.push({ trigger: name });
  }

  async backfill(name: string, span: { readonly from: Date; readonly to: Date }): Promise<void> {
    this.asked.push({ backfill: name, ...span });
  }

  async remove(name: string): Promise<void> {
    this.asked.push({ remove: name });
  }
}
