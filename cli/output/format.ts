const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Such as `840 ms`, `7.9 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(durationMs: number): string {
  const duration = Math.max(0, durationMs);
  if (duration < 1000) return `${Math.round(duration)} ms`;
  if (duration < 59_950) return `${(duration / 1000).toFixed(1)} s`;
  if (duration < hourMs) {
    const seconds = Math.round(duration / 1000);
    return withRest(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  }
  const minutes = Math.round(duration / minuteMs);
  return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** Whole units for what is only an estimate: `4 s`, `3 min`, `2 h 5 min`. */
export function formatEstimate(durationMs: number): string {
  if (durationMs < minuteMs) return `${Math.max(1, Math.round(durationMs / 1000))} s`;
  if (durationMs < hourMs) return `${Math.round(durationMs / minuteMs)} min`;
  return formatDuration(durationMs);
}

/** How long ago, such as `just now`, `5 min ago`, `3 days ago`. */
export function formatAge(isoTime: string, nowMs: number): string {
  const then = Date.parse(isoTime);
  if (Number.isNaN(then)) return isoTime;
  const age = nowMs - then;
  if (age < 10_000) return 'just now';
  if (age < minuteMs) return `${Math.floor(age / 1000)} s ago`;
  if (age < hourMs) return `${Math.floor(age / minuteMs)} min ago`;
  if (age < 2 * dayMs) return `${Math.floor(age / hourMs)} h ago`;
  return `${Math.floor(age / dayMs)} days ago`;
}

/**
 * Ids are random from their first letter: eight letters name a run, and every command accepts them. That of a run which a
 * schedule began is its name and the time, and is said whole.
 */
export function shortenId(id: string): string {
  return /^[0-9a-z]{16}$/.test(id) ? id.slice(0, 8) : id;
}

/** Thousands in groups: `12,500`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Of files: `840 B`, `12.3 kB`, `4.0 MB`; thousands, as disks are sold. */
export function formatSize(sizeBytes: number): string {
  let size = sizeBytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (size < 999.95) return unit === 'B' ? `${size} B` : `${size.toFixed(1)} ${unit}`;
    size /= 1000;
  }
  return `${size.toFixed(1)} TB`;
}

export function formatPlural(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** A metric for a table: four decimals, more where that would leave nothing; `–` for null. JSON has all digits. */
export function formatMetric(value: number | null): string {
  if (value === null) return '–';
  if (Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude < 0.001 || magnitude >= 1e15) return value.toPrecision(4);
  return value.toFixed(4);
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;
}
