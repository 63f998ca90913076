import type { Argument, Command, Option } from 'commander';
import type { NamesQuestion, StoredName } from '../../embedded/list-names.ts';
import { readOption, readWords, type TypedWords } from './read-words.ts';

/** What may stand where the cursor is. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What the shell itself is to complete there. */
  readonly files: 'none' | 'files' | 'directories';
  /** What of the typed word stays as it is: `--cache-policy=` and the like. */
  readonly kept: string;
}

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Looks names up in the store that the command line means. */
export type FindNames = (question: NamesQuestion, store: string | undefined) => Promise<readonly StoredName[]>;

/**
 * What can be typed next.
 *
 * @param program - With the command that the words call loaded.
 * @param words - Those before the one that is being typed, without the program's name.
 * @param current - What there is of that one.
 */
export async function complete(
  program: Command,
  { words, current }: { readonly words: readonly string[]; readonly current: string },
  findNames: FindNames,
): Promise<Completion> {
  const typed = readWords(program, words);
  if (typed.awaiting !== undefined) return completeValue(typed, typed.awaiting, '', findNames, current);
  if (!typed.isBehindOptions && current.startsWith('-')) {
    const { option, value } = readOption(typed.command, current);
    if (value === undefined) return offer(listOptions(typed), current);
    const kept = current.slice(0, current.length - value.length);
    if (option === undefined || !option.required) return offer([], current, kept);
    return completeValue(typed, option, kept, findNames, value);
  }
  const { command, values } = typed;
  if (command.commands.length > 0 && values.length === 0) return offer(listCommands(command), current);
  if (command.parent === null && values[0] === 'help') return offer(listCommands(command), current);
  if (command.commands.length > 0) return offer([], current);
  const argument = findArgument(command, values.length);
  const files = argument === undefined ? undefined : findFiles(argument.name());
  if (files !== undefined) return { candidates: [], files, kept: '' };
  if (argument !== undefined) {
    const candidates = await listArgumentValues(argument, typed, current, findNames);
    // What the store does not have can still be typed: the unique beginning of an id, latest~3.
    return offer(candidates, current);
  }
  return offer(current === '' ? listOptions(typed) : [], current);
}

function offer(candidates: readonly Candidate[], typed: string, kept = ''): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), files: 'none', kept };
}

function listCommands(command: Command): readonly Candidate[] {
  const shown = command.createHelp().visibleCommands(command);
  return shown.map((part) => ({ value: part.name(), description: part.summary() || part.description() }));
}

/** Options that are not there yet; such as can be repeated go on being offered. */
function listOptions({ command, given }: TypedWords): readonly Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown
    .filter((option) => mayBeRepeated(option) || !given.some((other) => other.option.long === option.long))
    .map((option) => ({ value: option.long ?? option.short ?? '', description: option.description }));
}

function mayBeRepeated({ description }: Option): boolean {
  return description.includes('may be repeated');
}

async function completeValue(
  typed: TypedWords,
  option: Option,
  kept: string,
  findNames: FindNames,
  current: string,
): Promise<Completion> {
  const { argChoices: choices } = option;
  if (choices !== undefined) {
    return offer(
      choices.map((value) => ({ value, description: '' })),
      current,
      kept,
    );
  }
  const find = (question: NamesQuestion) => findNames(question, findStore(typed));
  const [, valueName = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  const files = findFiles(valueName);
  if (files !== undefined) return { candidates: [], files, kept };
  switch (valueName) {
    case 'run': {
      const words = option.long === '--baseline' ? ['previous', 'first'] : [];
      return offer([...words.map((value) => ({ value, description: '' })), ...(await listRuns(find))], current, kept);
    }
    case 'key':
    case 'task':
      // Of a run file nothing is known here; its tasks are mostly those of the run before.
      return offer(await listTasks(find, typed.values[0] ?? 'latest'), current, kept);
    default:
      return offer([], current, kept);
  }
}

/** What the shell completes for a value of this name; undefined where that is up to Stet. */
function findFiles(valueName: string): 'files' | 'directories' | undefined {
  if (valueName === 'file') return 'files';
  return valueName === 'location' || valueName === 'directory' ? 'directories' : undefined;
}

function findArgument(command: Command, position: number): Argument | undefined {
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  return all[position] ?? (last?.variadic === true ? last : undefined);
}

async function listArgumentValues(
  argument: Argument,
  typed: TypedWords,
  current: string,
  findNames: FindNames,
): Promise<readonly Candidate[]> {
  if (argument.argChoices !== undefined) return argument.argChoices.map((value) => ({ value, description: '' }));
  const find = (question: NamesQuestion) => findNames(question, findStore(typed));
  const name = argument.name();
  if (name === 'task') return listTasks(find, typed.values[0] ?? 'latest');
  if (name === 'name' && typed.command.parent?.name() === 'schedule')
    return toCandidates(await find({ of: 'schedules' }));
  if (!name.startsWith('run') && !argument.description.startsWith('RUN')) return [];
  const takesTasks = name.includes('task') || argument.description.includes('RUN/TASK');
  const [, run] = /^([^/]+)\//.exec(current) ?? [];
  if (run === undefined || !takesTasks) return listRuns(find);
  const tasks = await listTasks(find, run);
  return tasks.map(({ value, description }) => ({ value: `${run}/${value}`, description }));
}

type Find = (question: NamesQuestion) => Promise<readonly StoredName[]>;

async function listRuns(find: Find): Promise<readonly Candidate[]> {
  const names = toCandidates(await find({ of: 'runs' }));
  return names.length === 0 ? [] : [{ value: 'latest', description: 'the newest run' }, ...names];
}

async function listTasks(find: Find, run: string): Promise<readonly Candidate[]> {
  return toCandidates(await find({ of: 'tasks', run }));
}

function toCandidates(names: readonly StoredName[]): readonly Candidate[] {
  return names.map(({ name, description }) => ({ value: name, description }));
}

function findStore({ given }: TypedWords): string | undefined {
  return given.findLast(({ option }) => option.long === '--store')?.value;
}
