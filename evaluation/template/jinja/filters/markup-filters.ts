import { splitCharacters, strip } from '../characters.ts';
import { RenderFault } from '../faults.ts';
import { toText } from '../printing.ts';
import { readAsText, readItems, readMapping } from '../read-argument.ts';
import { splitText } from '../split-text.ts';
import { isList, isMapping, isTrue, listEntries, Undefined } from '../values.ts';
import { type Definitions, define } from './filter-definition.ts';

export const markupFilters: Definitions = {
  e: define('', (value) => escapeMarkup(readAsText(value))),
  escape: define('', (value) => escapeMarkup(readAsText(value))),
  forceescape: define('', (value) => escapeMarkup(readAsText(value))),
  striptags: define('', (value) => stripTags(readAsText(value))),
  urlencode: define('', encodeForUrl),
  xmlattr: define('autospace?', (value, hasSpace = true) => writeAttributes(value, isTrue(hasSpace))),
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

function escapeMarkup(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => entities[character] ?? character);
}

/** The names of entities that people write in data; a number names any other. */
const characterOfEntity: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  copy: '©',
  euro: '€',
  gt: '>',
  hellip: '…',
  laquo: '«',
  ldquo: '“',
  lsquo: '‘',
  lt: '<',
  mdash: '—',
  nbsp: '\xa0',
  ndash: '–',
  quot: '"',
  raquo: '»',
  rdquo: '”',
  reg: '®',
  rsquo: '’',
};

function stripTags(text: string): string {
  const bare = text.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, '');
  return splitText(strip(bare), undefined, -1)
    .join(' ')
    .replace(
      /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]+));/g,
      (written, decimal?: string, hexadecimal?: string, name?: string) => {
        if (name !== undefined) return characterOfEntity[name] ?? written;
        const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : written;
      },
    );
}

/** Text as part of a path, where `/` stays; a mapping or a list of pairs as a query. */
function encodeForUrl(value: unknown): string {
  if (typeof value === 'string' || (!isMapping(value) && !isList(value)))
    return encodePart(readAsText(value)).replaceAll('%2F', '/');
  const pairs = isMapping(value) ? listEntries(value) : readItems(value).map((pair) => readItems(pair));
  return pairs.map(([key, item]) => `${encodeQuery(key)}=${encodeQuery(item)}`).join('&');
}

function encodeQuery(value: unknown): string {
  return encodePart(toText(value)).replaceAll('%20', '+');
}

function encodePart(text: string): string {
  if (splitCharacters(text).some((character) => /^[\uD800-\uDFFF]$/.test(character)))
    throw new RenderFault('the text has half a character');
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function writeAttributes(value: unknown, hasSpace: boolean): string {
  const written = listEntries(readMapping(value))
    .filter(([, item]) => item !== null && !(item instanceof Undefined))
    .map(([key, item]) => {
      const name = toText(key);
      if (/[\s/>=]/.test(name))
        throw new RenderFault('an attribute name must not contain white space, "/", ">" or "="');
      return `${escapeMarkup(name)}="${escapeMarkup(toText(item))}"`;
    })
    .join(' ');
  return hasSpace && written !== '' ? ` ${written}` : written;
}
