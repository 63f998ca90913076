/** What a new run file evaluates. */
export type Subject =
  | {
      readonly kind: 'endpoint';
      readonly url: string;
      readonly model: string;
      /** Name of the environment variable with the key; undefined for an endpoint without one. */
      readonly keyVariable: string | undefined;
    }
  | {
      readonly kind: 'function';
      /** As the run file writes it: relative to its directory. */
      readonly module: string;
      readonly exportName: string;
      /** Whether the module is there; otherwise one is written. */
      readonly exists: boolean;
    }
  | { readonly kind: 'recorded' };
