import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { NotificationRecord, ScheduleDefinition } from '../../storage/schedule-log.ts';
import type { Store } from '../../storage/store.ts';
import type { Host } from '../host.ts';
import { signNotification } from './sign-notification.ts';

const TIMEOUT_MS = 10_000;
/** Others leave a notification alone for so long after somebody has taken it: longer than a delivery can last. */
const TAKEN_FOR_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** With pauses that double up to an hour: a day and a bit. */
const MAX_ATTEMPTS = 36;

/** From which a schedule's notifications take address and key. */
export type FindEnvironment = (
  schedule: Pick<ScheduleDefinition, 'file' | 'origin'>,
) => Readonly<Record<string, string | undefined>>;

interface Courier {
  readonly host: Pick<Host, 'onNotice'>;
  readonly store: Store;
  readonly findEnvironment: FindEnvironment;
}

/**
 * Delivers what is due, at least once: what was taken and not recorded as delivered, since whoever took it died, is taken
 * again. Returns whether there was anything.
 */
export async function deliverNotifications(courier: Courier, signal: AbortSignal): Promise<boolean> {
  const { store } = courier;
  const now = Date.now();
  const due = await store.schedules.takeDue(toIso(now), toIso(now + TAKEN_FOR_MS));
  await Promise.all(due.map((notification) => deliver(courier, notification, signal)));
  return due.length > 0;
}

async function deliver(courier: Courier, notification: NotificationRecord, signal: AbortSignal): Promise<void> {
  const { host, store } = courier;
  const { notificationId, attempts, scheduleName } = notification;
  const error = await send(courier, notification, signal);
  if (error === undefined) return store.schedules.recordDelivered(notificationId);
  const isGivenUp = attempts >= MAX_ATTEMPTS;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** (attempts - 1));
  await store.schedules.recordUndelivered(notificationId, error, isGivenUp ? null : toIso(Date.now() + pauseMs));
  if (isGivenUp)
    host.onNotice(`A notification of schedule ${scheduleName} is given up after ${attempts} tries: ${error}.`);
}

/** Undefined when it was taken; else why not, without anything that may be secret. */
async function send(
  { store, findEnvironment }: Courier,
  { notificationId, scheduleName, url: written, body }: NotificationRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  const schedule = await store.schedules.find(scheduleName);
  if (schedule === undefined || schedule.definition.notify === null) return 'the schedule is gone';
  const environment = readEnvironment(() => findEnvironment(schedule.definition));
  if (environment === undefined) return 'the environment file of the schedule cannot be read';
  const { secretVariable } = schedule.definition.notify;
  const secret = environment[secretVariable] ?? '';
  if (secret === '') return `the environment variable ${secretVariable} is not set`;
  const url = written.startsWith('$') ? (environment[written.slice(1)] ?? '') : written;
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol))
    return `${written} is no http address`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'stet',
        ...signNotification({ id: notificationId, timestampS: Math.floor(Date.now() / 1_000), body }, secret),
      },
      body,
      // Where it points was not what somebody chose to tell.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `it was answered with ${response.status}`;
  } catch (error) {
    return describeFailure(error);
  }
}

function readEnvironment(find: () => ReturnType<FindEnvironment>): ReturnType<FindEnvironment> | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof EvaluationError) return undefined;
    throw error;
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be sent';
  if (error.name === 'TimeoutError') return `no answer came within ${TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? `it could not be sent: ${code}` : 'it could not be sent';
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
