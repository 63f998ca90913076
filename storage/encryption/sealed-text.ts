declare const sealed: unique symbol;

/**
 * What stands in a column that can hold content: in an encrypted store an envelope, in a plain one the text itself. Only a
 * `ColumnCodec` makes one or reads one, so that nothing is written or read past it.
 */
export type SealedText = string & { readonly [sealed]: true };
