import { InvalidArgumentError } from 'commander';

/** A date, which is midnight in UTC, or a time of day with its zone. */
export function parseMoment(text: string): Date {
  const isSound = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const moment = new Date(text);
  if (isSound && !Number.isNaN(moment.getTime())) return moment;
  throw new InvalidArgumentError(
    `"${text}" is no time such as 2026-11-01, 2026-11-01T03:00:00Z or 2026-11-01T03:00:00+01:00.`,
  );
}
