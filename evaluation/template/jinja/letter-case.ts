import { splitCharacters } from './characters.ts';

export function capitalize(text: string): string {
  const [first = ''] = splitCharacters(text.slice(0, 2));
  return toTitle(first) + text.slice(first.length).toLowerCase();
}

/** Python's `str.title`: every run of letters begins large, so "they're" becomes "They'Re". */
export function toTitleText(text: string): string {
  return text.replace(/\p{L}+/gu, capitalize);
}

export function swapCase(text: string): string {
  return splitCharacters(text)
    .map((character) => (character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase()))
    .join('');
}

export function isLowerText(text: string): boolean {
  return text === text.toLowerCase() && text !== text.toUpperCase();
}

export function isUpperText(text: string): boolean {
  return text === text.toUpperCase() && text !== text.toLowerCase();
}

export function isTitleText(text: string): boolean {
  return /\p{L}/u.test(text) && text === toTitleText(text);
}

/** German ß is the one letter that a title writes differently from capitals and that people meet. */
function toTitle(character: string): string {
  return character === 'ß' ? 'Ss' : character.toUpperCase();
}
