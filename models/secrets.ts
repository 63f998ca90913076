import { ModelError } from '../evaluation/model-error.ts';
import type { SecretReference } from '../evaluation/spec/common.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values of the secrets of one model, and the only way in which texts of others leave it. */
export interface Secrets {
  /** @throws {ModelError} `model-unusable` when the variable is unset. */
  readonly get: (reference: SecretReference) => string;
  /** A literal as it is, a secret by its value. */
  readonly resolve: (value: string | SecretReference) => string;
  /** The text without any value that `get` gave, at most 300 characters long unless told otherwise. */
  readonly clean: (text: string, maxLength?: number) => string;
}

export function createSecrets(environment: Environment, modelKey: string): Secrets {
  const values = new Set<string>();
  const secrets: Secrets = {
    get: (reference) => {
      const value = environment[reference.variable];
      if (value === undefined || value === '') {
        throw new ModelError(
          `Model "${modelKey}" cannot be used: the environment variable ${reference.variable} is not set.`,
          {
            code: 'model-unusable',
            hint: `Set ${reference.variable} in the environment or in .env.`,
            isRetryable: false,
          },
        );
      }
      for (const spelling of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
        values.add(spelling);
      return value;
    },
    resolve: (value) => (typeof value === 'string' ? value : secrets.get(value)),
    clean: (text, maxLength = 300) => {
      // Masked before it is cut: a cut could leave the first half of a value that nothing recognises any more.
      let cleaned = text;
      for (const value of [...values].toSorted((a, b) => b.length - a.length))
        cleaned = cleaned.replaceAll(value, '***');
      const characters = Array.from(cleaned);
      return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : cleaned;
    },
  };
  return secrets;
}
