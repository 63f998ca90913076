import { whiteSpace } from './characters.ts';
import { RenderFault } from './faults.ts';

export interface PatternFlags {
  readonly isMultiline: boolean;
  readonly ignoresCase: boolean;
}

const word = '\\p{L}\\p{N}_';
const classes: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '[^\\p{Nd}]',
  w: word,
  W: `[^${word}]`,
  s: `${whiteSpace}\\x1c-\\x1f`,
  S: `[^${whiteSpace}\\x1c-\\x1f]`,
};
const controls: Readonly<Record<string, string>> = { a: '\\x07', f: '\\f', n: '\\n', r: '\\r', t: '\\t', v: '\\v' };
const atWordEdge = `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
const notAtWordEdge = `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`;

/**
 * A JavaScript expression that matches what the Python one does.
 *
 * @throws {RenderFault} For what is no expression, and for the few constructs that JavaScript does not have.
 */
export function translatePattern(pattern: string, flags: PatternFlags): RegExp {
  const translator = new PatternTranslator(pattern, flags);
  const source = translator.translate();
  try {
    return new RegExp(source, translator.ignoresCase ? 'giv' : 'gv');
  } catch {
    throw new RenderFault('the pattern is no regular expression');
  }
}

class PatternTranslator {
  readonly #pattern: readonly string[];
  ignoresCase: boolean;
  #isMultiline: boolean;
  #matchesLineEnds = false;
  #isVerbose = false;
  #position = 0;

  constructor(pattern: string, flags: PatternFlags) {
    this.#pattern = Array.from(pattern);
    this.#isMultiline = flags.isMultiline;
    this.ignoresCase = flags.ignoresCase;
  }

  translate(): string {
    this.#readGlobalFlags();
    let source = '';
    while (this.#position < this.#pattern.length) source += this.#translateNext();
    return source;
  }

  #peek(length: number): string {
    return this.#pattern.slice(this.#position, this.#position + length).join('');
  }

  #take(): string {
    const character = this.#pattern[this.#position];
    if (character === undefined) throw new RenderFault('the pattern ends too early');
    this.#position += 1;
    return character;
  }

  #takeUntil(end: string): string {
    let taken = '';
    for (let character = this.#take(); character !== end; character = this.#take()) taken += character;
    return taken;
  }

  /** `(?i)` and its like at the start hold for the whole pattern. */
  #readGlobalFlags(): void {
    const match = /^\(\?([aimsux]+)\)/.exec(this.#pattern.slice(0, 12).join(''));
    if (match === null) return;
    this.#position = match[0].length;
    const letters = match[1] ?? '';
    this.ignoresCase ||= letters.includes('i');
    this.#isMultiline ||= letters.includes('m');
    this.#matchesLineEnds = letters.includes('s');
    this.#isVerbose = letters.includes('x');
  }

  #translateNext(): string {
    const character = this.#take();
    switch (character) {
      case '\\':
        return this.#translateEscape();
      case '[':
        return this.#translateClass();
      case '(':
        return this.#translateGroup();
      case '.':
        return this.#matchesLineEnds ? '[\\s\\S]' : '[^\\n]';
      case '^':
        return this.#isMultiline ? '(?<=^|\\n)'.replace('^', '(?<![\\s\\S])') : '(?<![\\s\\S])';
      case '$':
        return this.#isMultiline ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))';
      case '{':
        return this.#translateBrace();
      case '|':
      case ')':
        return character;
      case '*':
      case '+':
      case '?':
        if (this.#peek(1) === '+') throw new RenderFault('possessive repetition is not supported in a pattern');
        return character;
      case '#':
        if (!this.#isVerbose) return writeLiteral(character);
        while (this.#position < this.#pattern.length && this.#take() !== '\n');
        return '';
      default:
        return this.#isVerbose && /\s/.test(character) ? '' : writeLiteral(character);
    }
  }

  #translateBrace(): string {
    const rest = this.#pattern.slice(this.#position, this.#position + 24).join('');
    const match = /^(\d*)(,?)(\d*)\}/.exec(rest);
    if (match === null || (match[1] === '' && match[3] === '')) return writeLiteral('{');
    this.#position += match[0].length;
    return `{${match[1] === '' ? '0' : match[1]}${match[2]}${match[3]}}`;
  }

  #translateGroup(): string {
    if (this.#peek(1) !== '?') return '(';
    this.#take();
    if (this.#peek(2) === 'P<') {
      this.#position += 2;
      return `(?<${this.#takeUntil('>')}>`;
    }
    if (this.#peek(2) === 'P=') {
      this.#position += 2;
      return `\\k<${this.#takeUntil(')')}>`;
    }
    if (this.#peek(1) === '#') {
      this.#takeUntil(')');
      return '';
    }
    for (const opening of [':', '=', '!', '<=', '<!']) {
      if (this.#peek(opening.length) !== opening) continue;
      this.#position += opening.length;
      return `(?${opening}`;
    }
    throw new RenderFault('the pattern has a kind of group that is not supported');
  }

  #translateEscape(): string {
    const character = this.#take();
    if (character === 'b') return atWordEdge;
    if (character === 'B') return notAtWordEdge;
    if (character === 'A') return '(?<![\\s\\S])';
    if (character === 'Z') return '(?![\\s\\S])';
    if (/[1-9]/.test(character)) {
      const second = /[0-9]/.test(this.#peek(1)) ? this.#take() : '';
      // The empty group keeps a digit that follows from becoming part of the number.
      return `\\${character}${second}(?:)`;
    }
    const set = classes[character];
    if (set !== undefined) return set.startsWith('[') ? set : `[${set}]`;
    return this.#translateCharacterEscape(character);
  }

  /** An escape that stands for one character, inside of brackets and outside. */
  #translateCharacterEscape(character: string): string {
    const control = controls[character];
    if (control !== undefined) return control;
    const length = { x: 2, u: 4, U: 8 }[character];
    if (length !== undefined) {
      const digits = this.#peek(length);
      if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < length)
        throw new RenderFault('the pattern has an incomplete escape');
      this.#position += length;
      return `\\u{${digits}}`;
    }
    if (character === '0') {
      const [digits = ''] = /^[0-7]{0,2}/.exec(this.#peek(2)) ?? [];
      this.#position += digits.length;
      return `\\u{${Number.parseInt(`0${digits}`, 8).toString(16)}}`;
    }
    if (/[A-Za-z]/.test(character)) throw new RenderFault(`the pattern has the unknown escape "\\${character}"`);
    return writeLiteral(character);
  }

  #translateClass(): string {
    const isNegated = this.#peek(1) === '^';
    if (isNegated) this.#take();
    let inside = '';
    for (let isFirst = true; ; isFirst = false) {
      const character = this.#take();
      if (character === ']' && !isFirst) return `[${isNegated ? '^' : ''}${inside}]`;
      if (character === '-' && !isFirst && this.#peek(1) !== ']') inside += '-';
      else inside += character === '\\' ? this.#translateClassEscape() : writeLiteral(character);
    }
  }

  #translateClassEscape(): string {
    const character = this.#take();
    if (character === 'b') return '\\x08';
    return classes[character] ?? this.#translateCharacterEscape(character);
  }
}

/** As a code point, so that it means itself inside brackets as well. */
function writeLiteral(character: string): string {
  return /[A-Za-z0-9]/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
