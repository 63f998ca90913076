/** What one field of a cron expression may hold. */
interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names for numbers, counted from `from`. */
  readonly words?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const second: Field = { name: 'second', from: 0, to: 59 };
const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 7, words: days },
];
const year: Field = { name: 'year', from: 2000, to: 2100 };
const shorthands = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/**
 * What is wrong with a cron expression, or undefined. Temporal's forms: five fields, a sixth for the year, and with
 * seven the first is the second; or a shorthand.
 *
 * @see https://docs.temporal.io/schedule, "Cron expressions"
 */
export function findCronProblem(expression: string): string | undefined {
  const text = expression.trim();
  if (text.startsWith('@')) {
    return shorthands.includes(text) ? undefined : `"${text}" is none of ${shorthands.join(', ')}`;
  }
  const parts = text.split(/\s+/);
  const present = fieldsFor(parts.length);
  if (text === '' || present === undefined) {
    return `it has ${text === '' ? 0 : parts.length} fields; 5 are "minute hour day-of-month month day-of-week", a 6th is the year, and of 7 the first is the second`;
  }
  for (const [index, field] of present.entries()) {
    const problem = findFieldProblem(parts[index] ?? '', field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldsFor(count: number): readonly Field[] | undefined {
  switch (count) {
    case 5:
      return fields;
    case 6:
      return [...fields, year];
    case 7:
      return [second, ...fields, year];
    default:
      return undefined;
  }
}

function findFieldProblem(text: string, field: Field): string | undefined {
  for (const item of text.split(',')) {
    const [range = '', step, ...more] = item.split('/');
    const [low = '', high, ...rest] = range === '*' || range === '?' ? [] : range.split('-');
    const isWhole = range === '*' || range === '?';
    const from = isWhole ? field.from : readNumber(low, field);
    const to = high === undefined ? from : readNumber(high, field);
    const isStepSound = step === undefined || (/^\d+$/.test(step) && Number(step) >= 1);
    if (more.length > 0 || rest.length > 0 || from === undefined || to === undefined || !isStepSound || from > to) {
      return `"${item}" is no ${field.name}: ${describeField(field)}`;
    }
  }
  return undefined;
}

function readNumber(text: string, { from, to, words }: Field): number | undefined {
  const word = words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return from + word;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= from && value <= to ? value : undefined;
}

function describeField({ from, to, words }: Field): string {
  const names = words === undefined ? '' : ` or ${words[0]} to ${words.at(-1)}`;
  return `${from} to ${to}${names}, as *, a-b, a list with commas, or with /step`;
}
