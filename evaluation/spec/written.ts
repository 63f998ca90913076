import type { SecretReference } from './common.ts';

/** `<< config.NAME >>` where a value is expected (format 3.1). */
export type Placeholder = `<<${string}>>`;

/**
 * A part of the run config as an author writes it: a placeholder may stand for any value, and a secret is text
 * (`<< secrets.NAME >>` or `$VAR`).
 */
export type Written<T> = T extends SecretReference
  ? string
  : T extends string
    ? string extends T
      ? string
      : T | Placeholder
    : T extends number | boolean
      ? T | Placeholder
      : T extends readonly (infer Element)[]
        ? readonly Written<Element>[] | Placeholder
        : T extends object
          ? { readonly [Key in keyof T]: Written<T[Key]> }
          : T;
