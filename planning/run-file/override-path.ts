import { EvaluationError } from '../../contracts/evaluation-error.ts';

/** `models[0].generation.temperature` → its segments; a key with other characters stands in double quotes. */
export function parseOverridePath(text: string): readonly string[] {
  const segments: string[] = [];
  const part = /\[(\d+)\]|\.?"([^"]*)"|\.?([^.[\]"]+)/y;
  while (part.lastIndex < text.length) {
    const start = part.lastIndex;
    const match = part.exec(text);
    const isFirst = start === 0;
    const startsWithDot = text[start] === '.';
    // A dot stands between two names, and nowhere else.
    if (match === null || (match[1] === undefined && isFirst === startsWithDot)) throw malformed(text);
    segments.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  if (segments.length === 0) throw malformed(text);
  return segments;
}

function malformed(text: string): EvaluationError {
  return new EvaluationError('usage', `"${text}" is no path into a run config.`, {
    hint: 'Write names with dots between them and list elements by key or index, such as models[0].generation.temperature.',
  });
}
