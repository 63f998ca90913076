import type { JsonValue } from '../../../contracts/json.ts';
import { isObject } from '../../solvers/chat-items.ts';
import type { ReplyShape } from './reply-shape.ts';

export interface Judgement<Verdict> {
  readonly verdict: Verdict;
  readonly reasoning: string | null;
  readonly confidence: string | number | null;
}

/** Reads a judge's reply (format 9.2), or says what is wrong with it in words that the judge gets to read. */
export function parseReply<Verdict extends string | number>(
  reply: string,
  shape: ReplyShape<Verdict>,
): Judgement<Verdict> | { readonly problem: string } {
  const bare = shape.readBare(reply);
  if (bare !== undefined) return { verdict: bare, reasoning: null, confidence: null };
  const found = findJson(reply);
  if (typeof found === 'string') {
    // A label in quotation marks is nothing but the label, too.
    const quoted = shape.readBare(found);
    if (quoted !== undefined) return { verdict: quoted, reasoning: null, confidence: null };
  }
  if (!isObject(found)) return { problem: 'the reply must be one JSON object' };
  const read = shape.read(Object.hasOwn(found, shape.field) ? found[shape.field] : undefined);
  if ('problem' in read) return read;
  const { reasoning, confidence } = found;
  return {
    verdict: read.verdict,
    reasoning: typeof reasoning === 'string' ? reasoning : null,
    confidence: typeof confidence === 'string' || typeof confidence === 'number' ? confidence : null,
  };
}

/** The whole reply as JSON, else the content of its only code fence, else what its outermost braces hold. */
function findJson(reply: string): JsonValue | undefined {
  const fences = [...reply.matchAll(/```[^\n`]*\n(.*?)```/gsu)];
  const braces = reply.slice(reply.indexOf('{'), reply.lastIndexOf('}') + 1);
  const candidates = [reply, fences.length === 1 ? fences[0]?.[1] : undefined, braces];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    try {
      return JSON.parse(candidate) as JsonValue;
    } catch {
      // Not JSON as it stands; the next place may be.
    }
  }
  return undefined;
}
