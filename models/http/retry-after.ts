type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** How long a service asks to be left alone: seconds or a date, or the millisecond spelling that some services use. */
export function parseRetryAfterMs(headers: Headers, now: number): number | undefined {
  const milliseconds = parseNumber(first(headers['retry-after-ms']));
  if (milliseconds !== undefined) return milliseconds;
  const text = first(headers['retry-after']);
  if (text === undefined) return undefined;
  const seconds = parseNumber(text);
  if (seconds !== undefined) return seconds * 1_000;
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) return undefined;
  // Against the service's own clock where it tells: ours may be off.
  const sentAt = Date.parse(first(headers['date']) ?? '');
  return Math.max(0, moment - (Number.isNaN(sentAt) ? now : sentAt));
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function parseNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d*)?\s*$/.test(text) ? Number(text) : undefined;
}
