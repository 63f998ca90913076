/** Raised when a template can render to something else than before; part of every key (format 20). */
export const templateEngineRevision = 1;
