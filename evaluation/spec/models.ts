import { z } from 'zod';
import { costDecimals, scaleDecimal } from '../usage/cost.ts';
import {
  credentialSchema,
  defaultType,
  jsonSchema,
  referenceSchema,
  referenceTo,
  secretReferenceSchema,
  textOrSecretSchema,
  texts,
} from './common.ts';
import { providerIds } from './providers.ts';

/** Parameters of generation, sent under the connection's own names (format 17.2). */
export const generationSchema = z.strictObject({
  temperature: z.number().min(0).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_tokens: z.int().min(1).optional(),
  seed: z.int().optional(),
  stop: z.union([z.string(), z.array(z.string())]).optional(),
  frequency_penalty: z.number().optional(),
  presence_penalty: z.number().optional(),
  reasoning_effort: z.string().optional(),
  extra: z.record(z.string(), jsonSchema).optional(),
});
export type Generation = z.output<typeof generationSchema>;

/** US dollars per million tokens. With six decimals at most every cost is exact in millionths of a millionth of a dollar. */
const dollarsPerMillion = z
  .number()
  .min(0)
  .refine((value) => scaleDecimal(value, costDecimals) !== undefined, `a number with at most ${costDecimals} decimals`);

export const priceSchema = z.strictObject({
  input: dollarsPerMillion,
  output: dollarsPerMillion,
  cached_input: dollarsPerMillion.optional(),
});

const customHeaders = z.record(z.string(), textOrSecretSchema).default({});

export const tlsContextSchema = z.strictObject({
  validation_context: z.strictObject({
    trusted_ca: textOrSecretSchema.optional(),
    trust_chain_verification: z.enum(['verify_trust_chain', 'accept_untrusted']).default('verify_trust_chain'),
  }),
});

export const customConnectionSchema = z.strictObject({
  connection_type: defaultType('custom_connection'),
  url: z.url({ protocol: /^https?$/ }),
  adapter: z.strictObject({ key: referenceTo('adapter') }).default({ key: 'latticeflow$identity' }),
  api_key: credentialSchema.optional(),
  model_key: z.string().optional(),
  custom_headers: customHeaders,
  tls_context: tlsContextSchema.optional(),
});
export const openaiCompatibleConnectionSchema = z.strictObject({
  connection_type: z.literal('openai_compatible'),
  base_url: z.url({ protocol: /^https?$/ }),
  model_key: z.string().min(1),
  api_key: credentialSchema.optional(),
  custom_headers: customHeaders,
  tls_context: tlsContextSchema.optional(),
});
export const providerConnectionSchema = z.strictObject({
  connection_type: z.literal('provider_connection'),
  provider_id: z.enum(providerIds),
  model_key: z.string().min(1),
});
export const typescriptConnectionSchema = z.strictObject({
  connection_type: z.literal('typescript'),
  module: z.string().min(1).meta({ dataPath: true }),
  export: z.string().min(1).default('default'),
  options: z.record(z.string(), jsonSchema).default({}),
});
export const recordedConnectionSchema = z.strictObject({
  connection_type: z.literal('recorded'),
  file_path: z.string().min(1).meta({ dataPath: true }),
});
export const placeholderConnectionSchema = z.strictObject({ connection_type: z.literal('placeholder') });

export const connectionSchema = z
  .discriminatedUnion('connection_type', [
    customConnectionSchema,
    openaiCompatibleConnectionSchema,
    providerConnectionSchema,
    typescriptConnectionSchema,
    recordedConnectionSchema,
    placeholderConnectionSchema,
  ])
  .meta({
    notBuiltTypes: {
      custom_inference: 'B',
      langsmith: 'C',
      azure_foundry: 'C',
      aws_bedrock: 'C',
      claude_managed_agents: 'C',
      dify: 'C',
    },
  });
export type Connection = z.output<typeof connectionSchema>;

/** How a model is reached, and at what pace (format 15.1, 17.2). `$provider` entries are turned into this form first. */
export const modelSchema = z.strictObject({
  key: referenceSchema,
  ...texts,
  task: z
    .enum(['chat_completion', 'custom'])
    .default('chat_completion')
    .meta({ notBuiltTypes: { embeddings: 'C' } }),
  rate_limit: z.number().positive().optional(),
  max_concurrent_requests: z.int().min(1).optional(),
  secrets: z.record(z.string(), secretReferenceSchema).default({}),
  generation: generationSchema.default({}),
  version: z.string().optional(),
  price: priceSchema.optional(),
  limit_group: z.string().min(1).optional(),
  max_retries: z.int().min(0).default(5),
  request_timeout: z.number().positive().default(120),
  config: connectionSchema,
});
export type Model = z.output<typeof modelSchema>;

export const adapterSourceSchema = z.strictObject({ language: z.literal('jinja'), source_code: z.string() });

/** Renders the request body and reads the response (format 15.3). */
export const modelAdapterSchema = z.strictObject({
  key: referenceSchema,
  ...texts,
  provider: z.string().default('user'),
  process_input: adapterSourceSchema,
  process_output: adapterSourceSchema,
});
export type ModelAdapter = z.output<typeof modelAdapterSchema>;

/** Names that hold whatever the file says. */
export const builtInAdapterKeys = [
  'latticeflow$identity',
  'latticeflow$openai_chat_completion',
  'latticeflow$openai_responses',
] as const;
export const placeholderModelKey = 'latticeflow$placeholder';
