/** Characters that XML 1.0 cannot hold, not even escaped, and halves of surrogate pairs. */
const impossible = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Text between tags. What XML cannot hold is made visible, such as `\u0000`. */
export function escapeXmlText(text: string): string {
  // A bare carriage return would be read as a newline.
  return escapeCommon(text).replaceAll('\r', '&#13;');
}

/** Text within the quotes of an attribute, where white space other than the blank would be read as a blank. */
export function escapeXmlAttribute(text: string): string {
  return escapeCommon(text).replace(/["\t\n\r]/g, (character) =>
    character === '"' ? '&quot;' : `&#${character.charCodeAt(0)};`,
  );
}

export function renderXmlAttributes(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeXmlAttribute(value)}"`)
    .join('');
}

function escapeCommon(text: string): string {
  return text
    .replace(impossible, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
