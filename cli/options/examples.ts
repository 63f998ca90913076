/** Text for `addHelpText('after', …)`: command lines that work as they stand. */
export function renderExamples(commandLines: readonly [string, string, ...string[]]): string {
  return `\nExamples:\n${commandLines.map((line) => `  ${line}`).join('\n')}`;
}
