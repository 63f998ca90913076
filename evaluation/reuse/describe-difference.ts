import type { JsonObject, JsonValue } from '../../contracts/json.ts';
import { type FieldDifference, findKind, isObject } from './explain-difference.ts';
import { diffLines } from './line-diff.ts';

/** What makes a sentence about a difference readable: the fingerprints that it was found in, and names that are in neither. */
export interface DifferenceContext {
  readonly before?: JsonObject;
  readonly after?: JsonObject;
  /** Key of the evaluated model. */
  readonly modelKey?: string | undefined;
  /** How many rows were and are selected. */
  readonly rows?: { readonly before: number; readonly after: number };
}

/** Texts up to this length are quoted whole. */
const maxQuotedLength = 60;

/** One difference in a sentence. */
export function describeField(difference: FieldDifference, context: DifferenceContext = {}): string {
  const place = findPlace(difference, context);
  return describeOwn(difference, place, context) ?? describeChange(place, difference);
}

/** Whose field it is, and the rest of the way to it. */
interface Place {
  /** Such as `Scorer "exact"`; begins the sentence. */
  readonly thing: string;
  /** Such as `value`, `generation.temperature`, `input_messages[1].content`; empty for the thing itself. */
  readonly field: string;
  /** Kind of the thing, where its revision number counts. */
  readonly kind?: string | undefined;
}

function findPlace({ component, path }: FieldDifference, context: DifferenceContext): Place {
  const segments = path.split('/').slice(1).map(unescape);
  switch (component) {
    case 'model':
      return findModelPlace(context.modelKey === undefined ? 'Model' : `Model "${context.modelKey}"`, segments, [
        component,
        context,
      ]);
    case 'scorers':
      return findScorerPlace(segments, context);
    case 'actions': {
      const [list, index, ...rest] = segments;
      if (list !== 'rules' || index === undefined) return { thing: 'Action rules', field: join(segments) };
      return { thing: `Action rule ${nameItem('actions', ['rules', index], context)}`, field: join(rest) };
    }
    case 'solver':
      return { thing: 'Solver', field: join(segments), kind: kindAt('solver', [], context) };
    case 'dataset':
      return { thing: 'Dataset', field: join(segments) };
    case 'task':
      return { thing: 'Task', field: join(segments) };
    default:
      return { thing: component, field: join(segments) };
  }
}

function findScorerPlace([index, field, ...rest]: readonly string[], context: DifferenceContext): Place {
  if (index === undefined) return { thing: 'Scorers', field: '' };
  const thing = `Scorer ${nameItem('scorers', [index], context)}`;
  const kind = kindAt('scorers', [index], context);
  if (field === 'model') return findModelPlace(`${thing}, judge model`, rest, ['scorers', context, [index, 'model']]);
  const [inner, ...beyond] = rest;
  if (field !== 'metrics' || inner === undefined) {
    return { thing, field: join(field === undefined ? [] : [field, ...rest]), kind };
  }
  return {
    thing: `${thing}, metric ${nameItem('scorers', [index, 'metrics', inner], context)}`,
    field: join(beyond),
    kind: kindAt('scorers', [index, 'metrics', inner], context),
  };
}

/** Fields of the connection are written beside each other in the run file, under `config`. */
function findModelPlace(
  thing: string,
  segments: readonly string[],
  [component, context, at = []]: readonly [string, DifferenceContext, (readonly string[])?],
): Place {
  const [first, ...rest] = segments;
  const kind = kindAt(component, [...at, 'connection'], context);
  return { thing, field: join(first === 'connection' ? ['config', ...rest] : segments), kind };
}

/** Sentences of their own: what nobody wrote into a run file, or is a digest. */
function describeOwn(difference: FieldDifference, place: Place, context: DifferenceContext): string | undefined {
  const { component, path, before, after } = difference;
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (difference.isOrder === true) {
    return `${place.thing}${place.field === '' ? '' : `, ${place.field}`}: the order changed from ${list(before)} to ${list(after)}.`;
  }
  if (component === 'dataset' && path === '/version') return describeRows(context.rows);
  if (component === 'template_engine') return `Stet's own template engine changed (${revisions(before, after)}).`;
  if (component === 'aggregators') return `Stet's own aggregation of trials changed (${revisions(before, after)}).`;
  if (place.thing.startsWith('Model') || place.thing.endsWith('judge model')) {
    if (last === 'module') return `${place.thing}: the source of its module changed.`;
    if (last === 'recording') return `${place.thing}: its recording changed.`;
    if (last === 'connection_revision') {
      return `Stet's own ${place.kind ?? 'model'} connection changed (${revisions(before, after)}).`;
    }
    if (last === 'template_engine') return `Stet's own template engine changed (${revisions(before, after)}).`;
  }
  if (component === 'scorers' && last === 'judge_revision') {
    return `Stet's own instructions to judges changed (${revisions(before, after)}).`;
  }
  if (component === 'actions' && (path === '/revision' || path === '/filter_revision')) {
    // With the first rule its revision comes, with the last it goes: the rule says enough.
    return `Stet's own ${path === '/revision' ? 'action rules' : 'filters'} changed (${revisions(before, after)}).`;
  }
  if (last === 'revision') return `Stet's own ${place.kind ?? place.thing} changed (${revisions(before, after)}).`;
  return undefined;
}

function describeRows(rows: DifferenceContext['rows']): string {
  if (rows === undefined) return 'The rows of the dataset changed.';
  if (rows.before !== rows.after) return `The rows of the dataset changed: ${rows.after} now, ${rows.before} before.`;
  return `The rows of the dataset changed; there are ${rows.after} as before.`;
}

function describeChange({ thing, field }: Place, { before, after }: FieldDifference): string {
  const subject = field === '' ? thing : `${thing}: ${field}`;
  if (before === undefined) return `${subject} is new${field === '' ? '' : `: ${shorten(after)}`}.`;
  if (after === undefined) return `${subject} is gone${field === '' ? '' : `; it was ${shorten(before)}`}.`;
  if (isObject(before) && isObject(after)) {
    const [old, present] = [findKind(before), findKind(after)];
    if (old !== undefined && present !== undefined && old !== present) {
      return `${subject} changed from ${old} to ${present}.`;
    }
  }
  if (typeof before === 'string' && typeof after === 'string' && isLong(before, after)) {
    return describeTexts(subject, before, after);
  }
  return `${subject} changed from ${shorten(before)} to ${shorten(after)}.`;
}

function isLong(...texts: readonly string[]): boolean {
  return texts.some((text) => text.length > maxQuotedLength || text.trimEnd().includes('\n'));
}

/** Of long texts where they differ, not how they begin. */
function describeTexts(subject: string, before: string, after: string): string {
  const lines = diffLines(before, after);
  const removed = lines.filter(({ kind }) => kind === 'removed');
  const added = lines.filter(({ kind }) => kind === 'added');
  const [old, present] = [removed[0], added[0]];
  if (removed.length === 1 && added.length === 1 && old !== undefined && present !== undefined) {
    const [oldPart, presentPart] = excerpt(old.text, present.text);
    return `${subject} changed from ${shorten(oldPart)} to ${shorten(presentPart)}.`;
  }
  const counts = [
    ...(added.length === 0 ? [] : [`${count(added.length, 'line')} added`]),
    ...(removed.length === 0 ? [] : [`${count(removed.length, 'line')} removed`]),
  ];
  return `${subject} changed: ${counts.join(', ')}.`;
}

/** The parts of two lines that differ, with some of what is around them. */
function excerpt(before: string, after: string): readonly [string, string] {
  const around = 16;
  const [old, present] = [Array.from(before), Array.from(after)];
  const shorter = Math.min(old.length, present.length);
  let start = 0;
  while (start < shorter && old[start] === present[start]) start++;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === present.at(-1 - end)) end++;
  const cut = (text: readonly string[]) => {
    const from = Math.max(0, start - around);
    const to = Math.min(text.length, text.length - end + around);
    return `${from > 0 ? '…' : ''}${text.slice(from, to).join('')}${to < text.length ? '…' : ''}`;
  };
  return [cut(old), cut(present)];
}

function shorten(value: JsonValue | undefined): string {
  if (value === null) return 'nothing';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= maxQuotedLength + 20 ? text : `${text.slice(0, maxQuotedLength + 17)}…`;
}

function list(value: JsonValue | undefined): string {
  return Array.isArray(value) ? value.join(', ') : shorten(value);
}

function revisions(before: JsonValue | undefined, after: JsonValue | undefined): string {
  return `revision ${shorten(before ?? null)} to ${shorten(after ?? null)}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

/** The key of an item in quotes, else its number from 1. */
function nameItem(component: string, path: readonly string[], context: DifferenceContext): string {
  const item = findItem(component, path, context);
  const key = isObject(item) ? item['key'] : undefined;
  return typeof key === 'string' ? JSON.stringify(key) : String(Number(path.at(-1)) + 1);
}

function kindAt(component: string, path: readonly string[], context: DifferenceContext): string | undefined {
  const item = findItem(component, path, context);
  return isObject(item) ? findKind(item) : undefined;
}

/** What a pointer leads to now, else what it led to. */
function findItem(
  component: string,
  path: readonly string[],
  { before, after }: DifferenceContext,
): JsonValue | undefined {
  return follow(after?.[component], path) ?? follow(before?.[component], path);
}

function follow(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((current, segment) => {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) return undefined;
    return (current as JsonObject)[segment];
  }, value);
}

/** `input_messages`, `1`, `content` → `input_messages[1].content`. */
function join(segments: readonly string[]): string {
  return segments.reduce((text, segment) => {
    if (/^[0-9]+$/.test(segment)) return `${text}[${segment}]`;
    return text === '' ? segment : `${text}.${segment}`;
  }, '');
}

function unescape(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
