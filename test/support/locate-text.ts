/** `line:column`, both from 1, of the only occurrence of a text, or of the last one. */
export function locateText(content: string, wanted: string, which: 'only' | 'last' = 'only'): string {
  const offset = content.lastIndexOf(wanted);
  if (offset < 0) throw new Error(`There is no ${JSON.stringify(wanted)} in:\n${content}`);
  if (which === 'only' && content.indexOf(wanted) !== offset) {
    throw new Error(`There are several ${JSON.stringify(wanted)} in:\n${content}`);
  }
  const before = content.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
