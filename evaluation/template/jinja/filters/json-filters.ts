import type { JsonValue } from '../../../../contracts/json.ts';
import { RenderFault } from '../faults.ts';
import { readText } from '../read-argument.ts';
import { getFromMapping, isMapping, listEntries } from '../values.ts';
import { type Definitions, define } from './filter-definition.ts';
import { quoteJson, writeJson } from './write-json.ts';

export const jsonFilters: Definitions = {
  fromjson: define('', (value) => parseJson(readText(value))),
  json_escape: define('', (value) => (typeof value === 'string' ? quoteJson(value).slice(1, -1) : value)),
  merge: define('other', merge),
  tojson: define('indent?', (value, indent) => escapeForMarkup(writeJson(value, indent))),
};

/** JSON that may stand in a page and in its script elements, as Jinja's `tojson` makes it. */
function escapeForMarkup(json: string): string {
  return json.replace(/[<>&']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own message quotes the text, which is row content.
    throw new RenderFault('the text is not JSON');
  }
}

/** Mappings into one another all the way down; where both have something else, the right side wins. */
function merge(left: unknown, right: unknown): Map<unknown, unknown> {
  if (!isMapping(left) || !isMapping(right)) throw new RenderFault('"merge" needs mappings on both sides');
  const merged = new Map(listEntries(left));
  for (const [key, item] of listEntries(right)) {
    const mine = getFromMapping(merged, key);
    merged.set(key, isMapping(mine) && isMapping(item) ? merge(mine, item) : item);
  }
  return merged;
}
