import { compareText } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { printNumber } from '../printing.ts';
import { demand, describeType, isList, isMapping, listEntries, NativeObject } from '../values.ts';

/** JSON as Python's `json.dumps` writes it with sorted keys: `", "` and `": "` between, only ASCII. */
export function writeJson(value: unknown, indent: unknown): string {
  return write(
    value,
    typeof indent === 'number' ? ' '.repeat(Math.max(0, indent)) : typeof indent === 'string' ? indent : undefined,
    '\n',
  );
}

export function quoteJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\x80-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function write(value: unknown, indent: string | undefined, lineStart: string): string {
  demand(value);
  if (typeof value === 'string') return quoteJson(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RenderFault('JSON has no number that is not finite');
    return printNumber(value);
  }
  if (value === null || value === undefined) return 'null';
  if (value instanceof NativeObject) {
    const data = value.toData();
    if (data === undefined) throw new RenderFault(`${value.typeName} has no JSON`);
    return write(data, indent, lineStart);
  }
  const inner = lineStart + (indent ?? '');
  if (isList(value))
    return surround(
      '[',
      ']',
      value.map((item) => write(item, indent, inner)),
      indent,
      lineStart,
    );
  if (!isMapping(value)) throw new RenderFault(`${describeType(value)} has no JSON`);
  const pairs = listEntries(value)
    .map(([key, item]): [string, unknown] => [writeKey(key), item])
    .sort(([left], [right]) => compareText(left, right))
    .map(([key, item]) => `${quoteJson(key)}: ${write(item, indent, inner)}`);
  return surround('{', '}', pairs, indent, lineStart);
}

function writeKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number') return printNumber(key);
  return key === true ? 'true' : key === false ? 'false' : 'null';
}

function surround(
  open: string,
  close: string,
  parts: readonly string[],
  indent: string | undefined,
  lineStart: string,
): string {
  if (parts.length === 0) return open + close;
  if (indent === undefined) return open + parts.join(', ') + close;
  return open + lineStart + indent + parts.join(`,${lineStart}${indent}`) + lineStart + close;
}
