import type { JsonObject, JsonValue } from '../../../contracts/json.ts';

/** What a judge is asked to reply, and how its verdict is read. */
export interface ReplyShape<Verdict extends string | number> {
  /** Key of the verdict in the reply object. */
  readonly field: string;
  /** What the verdict may be, in words for the judge. */
  readonly description: string;
  /** JSON Schema of the verdict, in the small part that every service with structured outputs takes. */
  readonly schema: JsonObject;
  /** The verdict of a value found in a reply, or what is wrong with it. */
  read(value: JsonValue | undefined): { readonly verdict: Verdict } | { readonly problem: string };
  /** The verdict of a reply that holds nothing else. */
  readBare(text: string): Verdict | undefined;
}

/** A verdict that is one of some labels, recorded in the declared spelling. */
export function createLabelShape(field: string, labels: readonly string[]): ReplyShape<string> {
  const allowed = labels.map((label) => JSON.stringify(label)).join(', ');
  const find = (text: string): string | undefined => {
    const trimmed = text.trim();
    const exact = labels.find((label) => label.trim() === trimmed);
    if (exact !== undefined) return exact;
    const folded = labels.filter((label) => label.trim().toLowerCase() === trimmed.toLowerCase());
    return folded.length === 1 ? folded[0] : undefined;
  };
  return {
    field,
    description: `one of ${allowed}`,
    schema: { type: 'string', enum: [...labels] },
    read(value) {
      if (typeof value !== 'string') return { problem: `"${field}" must be text, one of ${allowed}` };
      const label = find(value);
      return label === undefined ? { problem: `"${field}" must be one of ${allowed}` } : { verdict: label };
    },
    readBare: find,
  };
}

/** A verdict that is any label of the judge's own choice. */
export function createOpenLabelShape(field: string): ReplyShape<string> {
  return {
    field,
    description: 'a short label',
    schema: { type: 'string' },
    read(value) {
      const label = typeof value === 'string' ? value.trim() : '';
      return label === '' ? { problem: `"${field}" must be text that is not empty` } : { verdict: label };
    },
    // Any reply at all could be meant as a label.
    readBare: () => undefined,
  };
}

/** A verdict that is a number within bounds, both included. */
export function createRangeShape(field: string, min: number, max: number): ReplyShape<number> {
  const range = `a number from ${min} to ${max}`;
  const isWithin = (value: number): boolean => value >= min && value <= max;
  return {
    field,
    description: range,
    // Bounds are left to the words: not every service takes them in a schema.
    schema: { type: 'number' },
    read(value) {
      if (typeof value !== 'number' || !isWithin(value)) return { problem: `"${field}" must be ${range}` };
      return { verdict: value };
    },
    readBare(text) {
      const trimmed = text.trim();
      if (!/^[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?$/u.test(trimmed)) return undefined;
      return isWithin(Number(trimmed)) ? Number(trimmed) : undefined;
    },
  };
}
