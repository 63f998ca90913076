import { RenderFault } from '../faults.ts';
import { type PatternFlags, translatePattern } from '../python-pattern.ts';

interface ReplaceOptions extends PatternFlags {
  /** How many matches to replace; 0 for all. */
  readonly count: number;
}

/** Patterns come from templates, so there are few of them, and each is used for every sample. */
const translated = new Map<string, RegExp>();
const mostTranslated = 500;

/** Python's `re.sub`: `\1`, `\g<name>` and `\g<0>` in the replacement stand for groups. */
export function replacePattern(text: string, pattern: string, replacement: string, options: ReplaceOptions): string {
  const expression = findExpression(pattern, options);
  const parts = parseReplacement(replacement);
  let replaced = 0;
  let written = '';
  let end = 0;
  for (const match of text.matchAll(expression)) {
    if (options.count > 0 && replaced === options.count) break;
    written += text.slice(end, match.index) + expand(parts, match);
    end = match.index + match[0].length;
    replaced += 1;
  }
  return written + text.slice(end);
}

/** What is wrong with a pattern and a replacement that the template writes as literals. */
export function findPatternProblem(pattern: unknown, replacement: unknown): string | undefined {
  try {
    if (typeof replacement === 'string') parseReplacement(replacement);
    if (typeof pattern === 'string') translatePattern(pattern, { isMultiline: false, ignoresCase: false });
    return undefined;
  } catch (fault) {
    if (fault instanceof RenderFault) return `cannot be used so: ${fault.message}`;
    throw fault;
  }
}

function findExpression(pattern: string, flags: PatternFlags): RegExp {
  const key = `${flags.isMultiline ? 'm' : ''}${flags.ignoresCase ? 'i' : ''}:${pattern}`;
  let expression = translated.get(key);
  if (expression === undefined) {
    expression = translatePattern(pattern, flags);
    if (translated.size >= mostTranslated) translated.clear();
    translated.set(key, expression);
  }
  return expression;
}

type ReplacementPart = string | { readonly group: string };

const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

function parseReplacement(replacement: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  let end = 0;
  for (const match of replacement.matchAll(/\\(?:g<([^>]*)>|([1-9]\d?)|(0[0-7]{0,2})|([\s\S])|$)/g)) {
    const [written, named, numbered, octal, other] = match;
    parts.push(replacement.slice(end, match.index));
    end = match.index + written.length;
    const group = named ?? numbered;
    if (group !== undefined) parts.push({ group });
    else if (octal !== undefined) parts.push(String.fromCodePoint(Number.parseInt(octal, 8)));
    else if (other === undefined || (/[A-Za-z]/.test(other) && controls[other] === undefined)) {
      throw new RenderFault('the replacement has an unknown escape');
    } else parts.push(controls[other] ?? written);
  }
  parts.push(replacement.slice(end));
  return parts;
}

function expand(parts: readonly ReplacementPart[], match: RegExpExecArray): string {
  return parts.map((part) => (typeof part === 'string' ? part : readGroup(match, part.group))).join('');
}

function readGroup(match: RegExpExecArray, group: string): string {
  const isNumber = /^\d+$/.test(group);
  const isKnown = isNumber ? Number(group) < match.length : Object.hasOwn(match.groups ?? {}, group);
  if (!isKnown) throw new RenderFault('the replacement names a group that the pattern does not have');
  return (isNumber ? match[Number(group)] : match.groups?.[group]) ?? '';
}
