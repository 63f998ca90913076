import type { CommandReference, OptionReference } from './describe-commands.ts';

/**
 * The page of the command line: what the commands say of themselves, set into a page written by hand.
 *
 * The page written by hand has `<!-- commands -->` where the table of commands goes and `<!-- reference -->` where every
 * command is described. What stands between `<!-- note NAME -->` and `<!-- end -->` goes to the description of that command.
 *
 * @throws {Error} when a note is about a command that does not exist.
 */
export function renderCliPage(commands: readonly CommandReference[], handWritten: string): string {
  const common = findCommonOptions(commands);
  const notes = readNotes(handWritten, commands);
  const reference = commands.map((command) => renderCommand(command, common, notes.get(command.name)));
  return handWritten
    .replace(notePattern, '')
    .replace('<!-- commands -->', () => renderOverview(commands))
    .replace('<!-- common options -->', () => renderOptions(common))
    .replace('<!-- reference -->', () => reference.join('\n'));
}

const notePattern = /<!-- note ([\w ]+) -->\n(.*?)<!-- end -->\n+/gs;

function readNotes(text: string, commands: readonly CommandReference[]): ReadonlyMap<string, string> {
  const notes = new Map([...text.matchAll(notePattern)].map(([, name = '', note = '']) => [name, note] as const));
  for (const name of notes.keys()) {
    if (!commands.some((command) => command.name === name)) throw new Error(`There is no command "${name}" to note.`);
  }
  return notes;
}

/** Options that more than half of the commands take in the same words are described once. */
function findCommonOptions(commands: readonly CommandReference[]): readonly OptionReference[] {
  const all = commands.flatMap(({ options }) => options);
  const equals = (option: OptionReference) => all.filter((other) => isSame(option, other));
  return all.filter((option) => equals(option)[0] === option && equals(option).length > commands.length / 2);
}

function isSame(option: OptionReference, other: OptionReference): boolean {
  return option.flags === other.flags && option.description === other.description;
}

function renderOverview(commands: readonly CommandReference[]): string {
  return renderTable(
    ['Command', 'What it does'],
    commands.map(({ name, summary }) => [`[\`${name}\`](#stet-${name.replaceAll(' ', '-')})`, escapeCell(summary)]),
  );
}

function renderCommand(
  command: CommandReference,
  common: readonly OptionReference[],
  note: string | undefined,
): string {
  const own = command.options.filter((option) => !common.some((other) => isSame(option, other)));
  const shared = command.options.filter((option) => !own.includes(option));
  const names = shared.map(({ names: [name = ''] }) => `\`${name}\``).join(', ');
  return [
    `### stet ${command.name}`,
    `${capitalise(command.summary)}${/[.?!]$/.test(command.summary) ? '' : '.'}`,
    ...(note === undefined ? [] : [note.trim()]),
    `\`\`\`text\n${command.usage}\n\`\`\``,
    ...(command.arguments.length === 0 ? [] : [renderArguments(command)]),
    ...(own.length === 0 ? [] : [renderOptions(own)]),
    ...(names === ''
      ? []
      : [`${own.length === 0 ? 'Options' : 'Also'}: ${names}, as [of most commands](#options-of-most-commands).`]),
    `\`\`\`sh\n${command.examples.join('\n')}\n\`\`\``,
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

function renderArguments({ arguments: list }: CommandReference): string {
  return renderTable(
    ['Argument', 'Meaning'],
    list.map(({ name, description, isRequired, isRepeated, choices }) => [
      `\`${isRequired ? `<${name}>` : `[${name}]`}\``,
      escapeCell(
        [description, ...listChoices(choices), ...(isRepeated && !name.endsWith('…') ? ['several may be given'] : [])]
          .filter((part) => part !== '')
          .join('; '),
      ),
    ]),
  );
}

function renderOptions(options: readonly OptionReference[]): string {
  return renderTable(
    ['Option', 'Meaning'],
    options.map((option) => [
      `\`${option.flags.replaceAll('|', '\\|')}\``,
      escapeCell(
        [
          option.description,
          ...listChoices(option.choices),
          ...(option.isRequired ? ['required'] : []),
          ...(option.default === undefined ? [] : [`default: ${option.default}`]),
        ].join('; '),
      ),
    ]),
  );
}

function listChoices(choices: readonly string[]): readonly string[] {
  return choices.length === 0 ? [] : [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`];
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

/** What stands in angle brackets outside of code would be taken for a tag. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/(?<!`)<(?![^`]*`)/g, '&lt;');
}

function capitalise(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
