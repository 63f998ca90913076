import type { builtInAdapterKeys, Connection } from './spec/models.ts';

// Part of every model version (format 20). Raise a number when the outcome for the same input can change; nothing else.

/** What a connection type sends for an input, and what it makes of the response. */
export const connectionRevisions: Readonly<Record<Connection['connection_type'], number>> = {
  custom_connection: 1,
  provider_connection: 1,
  openai_compatible: 1,
  typescript: 1,
  recorded: 1,
  placeholder: 1,
};

/** What a built-in adapter renders and reads. */
export const adapterRevisions: Readonly<Record<(typeof builtInAdapterKeys)[number], number>> = {
  latticeflow$identity: 1,
  latticeflow$openai_chat_completion: 1,
  latticeflow$openai_responses: 1,
};
