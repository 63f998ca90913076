/** The text of a model output where it has a usual form, else the output as JSON. */
export function findAnswerText(output: unknown): string {
  if (typeof output === 'string') return output;
  const content = findContent(output);
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) {
    const texts = content.map(readPartText).filter((text) => text !== undefined);
    if (texts.length > 0) return texts.join('\n');
  }
  return JSON.stringify(output);
}

function findContent(output: unknown): unknown {
  const choices = readProperty(output, 'choices');
  if (Array.isArray(choices)) return readProperty(readProperty(choices[0], 'message'), 'content');
  const items = readProperty(output, 'items');
  if (!Array.isArray(items)) return undefined;
  const message = items.findLast(
    (item) => readProperty(item, 'type') === 'message' && readProperty(item, 'role') === 'assistant',
  );
  return readProperty(message, 'content');
}

function readPartText(part: unknown): string | undefined {
  const text = readProperty(part, 'text') ?? readProperty(part, 'refusal');
  return typeof text === 'string' ? text : undefined;
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
