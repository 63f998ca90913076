import { cleanLine } from '../output/text.ts';
import type { Completion } from './complete.ts';
import type { Shell } from './shells.ts';

const longestDescription = 72;

/**
 * What the script of a shell reads: `:files`, then `value<tab>description` a line.
 *
 * @param current - The word that is being typed, as a whole.
 */
export function renderCompletion({ candidates, files, kept }: Completion, current: string, shell: Shell): string {
  // bash and zsh complete what stands behind an equals sign, fish the whole word.
  const before = shell === 'fish' ? kept : '';
  const typed = current.slice(kept.length);
  // Within a word as well: what bash puts in place begins behind the last joint of what is typed.
  const cut = shell === 'bash' ? 1 + Math.max(typed.lastIndexOf(':'), typed.lastIndexOf('=')) : 0;
  const lines = candidates
    .filter(({ value }) => cleanLine(value) === value)
    .map(({ value, description }) => `${before}${value.slice(cut)}\t${shorten(cleanLine(description))}`);
  return [`:${files}`, ...lines].map((line) => `${line}\n`).join('');
}

/**
 * The words as they were typed. bash takes equals signs and colons for words of their own, and what they join apart.
 */
export function rejoinWords(words: readonly string[], shell: Shell): readonly string[] {
  if (shell !== 'bash') return words;
  const joined: string[] = [];
  let isOpen = false;
  for (const word of words) {
    const isJoint = word === '=' || word === ':';
    const last = joined.at(-1);
    if (last !== undefined && (isOpen || isJoint)) joined[joined.length - 1] = last + word;
    else joined.push(word);
    isOpen = isJoint;
  }
  return joined;
}

function shorten(text: string): string {
  return text.length > longestDescription ? `${text.slice(0, longestDescription - 1)}…` : text;
}
