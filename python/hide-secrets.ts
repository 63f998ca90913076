/** A text of user code with the values of its secrets replaced by their placeholders. */
export function hideSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return Object.entries(secrets)
    .filter(([, value]) => value !== '')
    .toSorted(([, a], [, b]) => b.length - a.length) // one may be part of another
    .reduce((hidden, [name, value]) => hidden.replaceAll(value, `<< secrets.${name} >>`), text);
}
