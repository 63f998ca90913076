/** What Stet knows of a provider of models (format 17.2). */
export interface Provider {
  /** Environment variable that holds the key. */
  readonly keyVariable: string;
  /** Used unless the environment variable named by {@link baseUrlVariable} says otherwise. */
  readonly baseUrl: string;
  readonly protocol: 'openai' | 'anthropic';
}

const keyed = (name: string, baseUrl: string, protocol: Provider['protocol'] = 'openai'): Provider => ({
  keyVariable: `${name}_API_KEY`,
  baseUrl,
  protocol,
});

export const providers = {
  openai: keyed('OPENAI', 'https://api.openai.com/v1'),
  anthropic: keyed('ANTHROPIC', 'https://api.anthropic.com/v1', 'anthropic'),
  gemini: keyed('GEMINI', 'https://generativelanguage.googleapis.com/v1beta/openai'),
  together: keyed('TOGETHER', 'https://api.together.xyz/v1'),
  fireworks: keyed('FIREWORKS', 'https://api.fireworks.ai/inference/v1'),
  novita: keyed('NOVITA', 'https://api.novita.ai/openai/v1'),
  sambanova: keyed('SAMBANOVA', 'https://api.sambanova.ai/v1'),
} as const satisfies Readonly<Record<string, Provider>>;

export type ProviderId = keyof typeof providers;

export const providerIds = Object.keys(providers) as [ProviderId, ...ProviderId[]];

/** Name of the environment variable that replaces a provider's address, such as `OPENAI_BASE_URL`. */
export function baseUrlVariable(provider: ProviderId): string {
  return `${provider.toUpperCase()}_BASE_URL`;
}
