/**
 * The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code units, numbers in shortest form, no white space,
 * no line feed.
 *
 * Undefined fields of an object are left out; an undefined element of a list is null, as `JSON.stringify` has it.
 *
 * @throws {TypeError} For what JSON cannot say: numbers that are not finite, functions, symbols, bigints, instances of
 *   classes. The caller has checked data that comes from outside, so this is a mistake of the program.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function toCanonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON has no number ${value}.`);
      // ECMAScript's own shortest form is what the RFC prescribes; -0 becomes 0.
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? listToCanonicalJson(value) : objectToCanonicalJson(value);
    case 'bigint':
    case 'function':
    case 'symbol':
    case 'undefined':
      throw new TypeError(`JSON has no ${typeof value}.`);
  }
}

function listToCanonicalJson(list: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < list.length; index++) {
    if (index > 0) text += ',';
    const element = list[index];
    text += element === undefined ? 'null' : toCanonicalJson(element);
  }
  return `${text}]`;
}

function objectToCanonicalJson(object: object): string {
  assertPlain(object);
  const keys = Object.keys(object);
  // Rows of one file have their keys in one order, often sorted already: a look is cheaper than a sort.
  if (!areSorted(keys)) keys.sort();
  let text = '';
  for (const key of keys) {
    const field = (object as Readonly<Record<string, unknown>>)[key];
    if (field === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${toCanonicalJson(field)}`;
  }
  return `{${text}}`;
}

/** A `Map` or a `Date` would become `{}` without a word, and two different values would share one digest. */
function assertPlain(object: object): void {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return;
  // Plain objects of another realm (worker sandboxes) have a foreign `Object.prototype`, whose own prototype is null.
  if (Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`JSON has no ${object.constructor?.name ?? 'instance of a class'}.`);
  }
}

function areSorted(keys: readonly string[]): boolean {
  for (let index = 1; index < keys.length; index++) {
    if ((keys[index - 1] ?? '') > (keys[index] ?? '')) return false;
  }
  return true;
}
