const escape = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n)|([\s\S]))/g;
const shortEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Resolves the backslash escapes of a Python text literal; unknown ones stay as they are, backslash included. */
export function resolveTextEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    escape,
    (written, octal?: string, byte?: string, short?: string, long?: string, joined?: string, other?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const hexadecimal = byte ?? short ?? long;
      if (hexadecimal !== undefined) {
        const code = Number.parseInt(hexadecimal, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : written;
      }
      return joined === undefined ? (shortEscapes[other ?? ''] ?? written) : '';
    },
  );
}
