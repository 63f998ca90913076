/**
 * What workflows say about themselves in Temporal's lists, and the type each name has there; every server has to know
 * them before a workflow starts. Names and digests only: everybody with access to the namespace sees the values. Eight
 * Keywords, of the ten that a server on PostgreSQL has for all who use it.
 */
export const searchAttributes = {
  /** Id of the store: several share a namespace. */
  StetStore: 'KEYWORD',
  /** Key of the evaluation. */
  StetEvaluation: 'KEYWORD',
  /** Key of the task specification; of an evaluation only where it has one. */
  StetTask: 'KEYWORD',
  /** Key of the evaluated model; of an evaluation only where all its tasks have the same. */
  StetModel: 'KEYWORD',
  /** Status of the run, or of the task result; without it, the workflow only found out what others had done. */
  StetStatus: 'KEYWORD',
  /** What the cache check found; of an evaluation `full` or `none` where all its tasks have it, else `partial`. */
  StetReuse: 'KEYWORD',
  StetPolicy: 'KEYWORD',
  /** What started the run. */
  StetTrigger: 'KEYWORD',
  /** Samples of the task result, or of all of the run. */
  StetSamples: 'INT',
  /** Those of them with errors, known at the end. */
  StetErrors: 'INT',
} as const;

export type SearchAttributeName = keyof typeof searchAttributes;

/** Values of search attributes; null takes one away. */
export type SearchAttributeValues = {
  readonly [Name in SearchAttributeName]?:
    | ((typeof searchAttributes)[Name] extends 'INT' ? number : string)
    | null
    | undefined;
};

/** A value as Temporal's libraries take it. */
export type SearchAttributeUpdate =
  | { readonly key: { readonly name: string; readonly type: 'KEYWORD' }; readonly value: string | null }
  | { readonly key: { readonly name: string; readonly type: 'INT' }; readonly value: number | null };
export type SearchAttribute = SearchAttributeUpdate & { readonly value: string | number };

/** Longer ones break a server on PostgreSQL. */
const longestKeywordBytes = 254;

/** At the start of a workflow; what is null or undefined is left out. */
export function makeSearchAttributes(values: SearchAttributeValues): SearchAttribute[] {
  return updateSearchAttributes(values).filter((update): update is SearchAttribute => update.value !== null);
}

/** What is undefined stays as it is. */
export function updateSearchAttributes(values: SearchAttributeValues): SearchAttributeUpdate[] {
  return (Object.keys(searchAttributes) as SearchAttributeName[]).flatMap((name): SearchAttributeUpdate[] => {
    const type = searchAttributes[name];
    const value = values[name];
    if (value === undefined) return [];
    if (typeof value === 'number') return [{ key: { name, type: 'INT' }, value }];
    if (type === 'INT') return [{ key: { name, type }, value: null }];
    return [{ key: { name, type }, value: value === null ? null : cutToBytes(value, longestKeywordBytes) }];
  });
}

/** The longest beginning of a text that is so short in UTF-8, whole characters only. */
function cutToBytes(text: string, limit: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > limit) break;
    end += character.length;
  }
  return text.slice(0, end);
}
