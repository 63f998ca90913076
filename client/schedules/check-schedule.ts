import { ConfigurationError, EvaluationError } from '../../contracts/evaluation-error.ts';
import { overlapPolicies } from '../../contracts/schedules.ts';
import { parseAlert } from '../../evaluation/alerts/parse-alert.ts';
import { findCronProblem } from './check-cron.ts';
import type { AddScheduleOptions } from './schedules.ts';

const dayMs = 86_400_000;
/** Temporal's own bounds. */
const minCatchUpMs = 10_000;
const minIntervalMs = 1_000;

/**
 * Looks at all that can be wrong with a schedule before its file is read.
 *
 * @throws {ConfigurationError} with all of it at once.
 */
export function checkSchedule(options: AddScheduleOptions): void {
  const problems: EvaluationError[] = [];
  const collect = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      problems.push(error);
    }
  };
  collect(() => checkTiming(options));
  collect(() => checkTimezone(options.timezone));
  collect(() => checkName(options.name));
  collect(() => checkSpan('jitter', options.jitterMs, 0));
  collect(() => checkSpan('catch-up window', options.catchUpMs, minCatchUpMs));
  collect(() => checkOverlap(options.overlap));
  collect(() => checkNotifyUrl(options.notify?.url));
  for (const text of options.alerts ?? []) collect(() => parseAlert(text));
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ConfigurationError([first, ...rest]);
}

function checkTiming({ timing }: AddScheduleOptions): void {
  if ('everyMs' in timing) {
    checkSpan('interval', timing.everyMs, minIntervalMs);
    return;
  }
  const problem = findCronProblem(timing.cron);
  if (problem === undefined) return;
  throw new EvaluationError('usage', `The cron expression ${JSON.stringify(timing.cron)} cannot be read: ${problem}.`, {
    hint: 'For example "0 3 * * mon-fri": at three in the morning from Monday to Friday.',
  });
}

function checkTimezone(timezone: string | undefined): void {
  if (timezone === undefined) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch (error) {
    throw new EvaluationError('usage', `There is no time zone ${JSON.stringify(timezone)}.`, {
      hint: 'Write its IANA name, such as Europe/Berlin, America/New_York or UTC.',
      cause: error,
    });
  }
}

function checkName(name: string | undefined): void {
  if (name === undefined || /^[A-Za-z0-9_-]{1,100}$/.test(name)) return;
  throw new EvaluationError('usage', `A schedule cannot be called ${JSON.stringify(name)}.`, {
    hint: 'Its name is part of the ids of its runs: up to 100 letters, digits, "_" and "-".',
  });
}

function checkSpan(what: string, ms: number | undefined, least: number): void {
  if (ms === undefined || (Number.isFinite(ms) && ms >= least && ms <= 365 * dayMs)) return;
  throw new EvaluationError(
    'usage',
    `The ${what} must be ${least === 0 ? '0' : `${least / 1_000} s`} to 365 d, not ${ms / 1_000} s.`,
  );
}

function checkOverlap(overlap: AddScheduleOptions['overlap']): void {
  if (overlap === undefined || overlapPolicies.includes(overlap)) return;
  throw new EvaluationError('usage', `There is no overlap policy ${JSON.stringify(overlap)}.`, {
    hint: `There are ${overlapPolicies.join(', ')}.`,
  });
}

/** @throws {EvaluationError} `usage` for what is neither an address nor the name of a variable. */
function checkNotifyUrl(url: string | undefined): void {
  if (url === undefined || /^\$[A-Za-z_][A-Za-z0-9_]*$/.test(url)) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new EvaluationError('usage', 'Notifications go to an http or https address.', {
      hint: 'Such as https://example.com/hooks/stet; or $VARIABLE, where the address itself is secret.',
    });
  }
  if (parsed.username === '' && parsed.password === '') return;
  throw new EvaluationError('config-secret', 'The address for notifications holds a user or a password.', {
    hint: "Put the whole address into an environment variable and write its name: --notify '$VARIABLE'.",
  });
}
