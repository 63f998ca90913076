import { RenderFault } from './faults.ts';
import {
  Callable,
  demand,
  describeType,
  isList,
  isMapping,
  listEntries,
  NativeObject,
  Omitted,
  Tuple,
} from './values.ts';

/** What `{{ … }}` prints: Python's `str`, with whole numbers without `.0` (format 3.3). */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Omitted ? '' : toRepresentation(value);
}

/** Python's `repr`: how a value prints inside a list or mapping. */
export function toRepresentation(value: unknown): string {
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'number') return printNumber(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null || value === undefined ? 'None' : printObject(value);
}

function printObject(value: unknown): string {
  if (value instanceof Omitted) return 'Undefined';
  demand(value);
  if (value instanceof Tuple) {
    return value.length === 1 ? `(${toRepresentation(value[0])},)` : `(${value.map(toRepresentation).join(', ')})`;
  }
  if (isList(value)) return `[${value.map(toRepresentation).join(', ')}]`;
  if (value instanceof NativeObject) {
    const data = value.toData();
    if (data === undefined) throw new RenderFault(`${value.typeName} cannot be printed`);
    return toRepresentation(data);
  }
  if (value instanceof Callable) {
    throw new RenderFault(
      `"${value.name}" is a function and cannot be printed; call it, or write ['${value.name}'] for the value of that name`,
    );
  }
  if (isMapping(value)) {
    const pairs = listEntries(value).map(([key, item]) => `${toRepresentation(key)}: ${toRepresentation(item)}`);
    return `{${pairs.join(', ')}}`;
  }
  throw new RenderFault(`${describeType(value)} cannot be printed`);
}

/** The shortest digits that name the number, in Python's layout. */
export function printNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  // Python changes to an exponent below 1e-4, JavaScript below 1e-6.
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

const needsNoEscape = /^[ !#-&(-[\]-~]*$/;
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;

function quoteText(text: string): string {
  if (needsNoEscape.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let quoted = '';
  for (const character of text) quoted += escapeCharacter(character, quote);
  return quote + quoted + quote;
}

const shortEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  if (character === ' ' || !unprintable.test(character)) return character;
  return escapeCodePoint(character.codePointAt(0) ?? 0);
}

function escapeCodePoint(code: number): string {
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
