import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ClientConfigProfile, LoadClientProfileOptions } from '@temporalio/envconfig';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { TemporalAddress } from '../../workers/connect-temporal.ts';
import type { TemporalOptions } from '../host-options.ts';

/** One setting of the connection and where it came from. Of a secret the value says only that there is one. */
export interface TargetPart {
  readonly name: 'address' | 'namespace' | 'API key' | 'TLS';
  readonly value: string;
  readonly source: string;
}

/** Where Temporal is, how this process proves who it is, and where each of that came from. */
export interface TemporalTarget {
  readonly address: TemporalAddress;
  readonly parts: readonly TargetPart[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultNamespace = 'default';
const defaultProfile = 'default';

/**
 * The Temporal that is configured, by Temporal's own rules: options, then `TEMPORAL_…` variables, then a profile of
 * `temporal.toml`, setting by setting. Undefined where nothing names an address: Stet then brings its own server.
 *
 * @throws {EvaluationError} `usage` for a named file or profile that does not exist, for a profile without an address, and
 *   for a certificate that cannot be read; never with the value of a key.
 */
export async function findTemporalTarget(
  options: TemporalOptions,
  environment: Environment,
): Promise<TemporalTarget | undefined> {
  const settings = withoutEmpty(environment);
  const namedFile = options.configFile ?? settings['TEMPORAL_CONFIG_FILE'];
  // Temporal's libraries take a file that is not there for one without settings, whoever asked for it.
  if (namedFile !== undefined && !existsSync(namedFile)) {
    throw new EvaluationError('usage', `Temporal's configuration file ${namedFile} does not exist.`, {
      hint: 'Correct TEMPORAL_CONFIG_FILE, or unset it.',
    });
  }
  const profileName = options.profile ?? settings['TEMPORAL_PROFILE'];
  const file = namedFile ?? findDefaultFile(settings);
  const isConfigured =
    options.address !== undefined ||
    settings['TEMPORAL_ADDRESS'] !== undefined ||
    profileName !== undefined ||
    (file !== undefined && existsSync(file));
  if (!isConfigured) return undefined; // spares loading the library
  const { loadClientConfig, loadClientConfigProfile, toClientOptions } = await import('@temporalio/envconfig');
  const where = file ?? 'no configuration file';
  const text = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
  // Temporal's libraries fail at a file without profiles, such as an empty one.
  const source: LoadClientProfileOptions = /^\s*\[?\s*profile\b/m.test(text)
    ? { configSource: { data: text } }
    : { disableFile: true };
  const name = options.profile === undefined ? {} : { profile: options.profile };
  const { configSource } = source;
  const profiles = configSource === undefined ? {} : readProfile(() => loadClientConfig({ configSource }).profiles);
  if (profileName !== undefined && !Object.hasOwn(profiles, profileName)) {
    throw new EvaluationError('usage', `Temporal's profile ${JSON.stringify(profileName)} is not in ${where}.`, {
      hint: 'Correct TEMPORAL_PROFILE, or add the profile with `temporal config set --profile NAME`.',
    });
  }
  const profile = withOptions(
    readProfile(() => loadClientConfigProfile({ overrideEnvVars: settings, ...name, ...source })),
    options,
  );
  const { address } = profile;
  if (address === undefined || address === '') {
    if (profileName === undefined) return undefined;
    throw new EvaluationError(
      'usage',
      `Temporal's profile ${JSON.stringify(profileName)} in ${where} has no address.`,
      {
        hint: 'Set its `address`, or TEMPORAL_ADDRESS.',
      },
    );
  }
  const { connectionOptions } = readProfile(() => toClientOptions(profile));
  const { tls, apiKey, metadata } = connectionOptions;
  const fromFile = profiles[profileName ?? defaultProfile] ?? {};
  return {
    address: {
      address,
      namespace: profile.namespace ?? defaultNamespace,
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
    },
    parts: listParts(profile, {
      options,
      settings,
      fromFile,
      where: `profile ${profileName ?? defaultProfile} of ${where}`,
    }),
  };
}

/** Compose files and CI systems set variables that they have no value for to nothing, which means: unset. */
function withoutEmpty(environment: Environment): Record<string, string> {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (entry[1] !== '' || entry[0].startsWith('TEMPORAL_GRPC_META_')),
  );
  return Object.fromEntries(set);
}

/** Where Temporal's tools look when nothing names a file. */
function findDefaultFile(settings: Readonly<Record<string, string>>): string | undefined {
  const home = settings['HOME'];
  const folder =
    process.platform === 'win32'
      ? settings['APPDATA']
      : process.platform === 'darwin'
        ? home && path.join(home, 'Library', 'Application Support')
        : (settings['XDG_CONFIG_HOME'] ?? (home && path.join(home, '.config')));
  return folder === undefined || folder === '' || !path.isAbsolute(folder)
    ? undefined
    : path.join(folder, 'temporalio', 'temporal.toml');
}

function readProfile<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw new EvaluationError('usage', `Temporal's configuration cannot be used: ${message}.`, {
      hint: 'Correct temporal.toml and the TEMPORAL_… variables, or name another file with TEMPORAL_CONFIG_FILE.',
    });
  }
}

function withOptions(profile: ClientConfigProfile, { address, namespace, apiKey }: TemporalOptions) {
  return {
    ...profile,
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

function listParts(
  profile: ClientConfigProfile,
  origin: {
    readonly options: TemporalOptions;
    readonly settings: Readonly<Record<string, string>>;
    readonly fromFile: ClientConfigProfile;
    readonly where: string;
  },
): readonly TargetPart[] {
  const { options, settings, fromFile, where } = origin;
  const find = (option: unknown, variable: string, inFile: unknown): string => {
    if (option !== undefined) return 'given by the caller';
    if (settings[variable] !== undefined) return variable;
    return inFile === undefined ? 'default' : where;
  };
  const tlsVariable = Object.keys(settings).find((name) => name === 'TEMPORAL_TLS' || name.startsWith('TEMPORAL_TLS_'));
  const hasTls =
    profile.tls?.disabled === undefined
      ? profile.tls !== undefined || profile.apiKey !== undefined
      : !profile.tls.disabled;
  const tlsSource =
    tlsVariable ??
    (fromFile.tls !== undefined ? where : profile.apiKey === undefined ? 'default' : 'an API key needs it');
  return [
    {
      name: 'address',
      value: profile.address ?? '',
      source: find(options.address, 'TEMPORAL_ADDRESS', fromFile.address),
    },
    {
      name: 'namespace',
      value: profile.namespace ?? defaultNamespace,
      source: find(options.namespace, 'TEMPORAL_NAMESPACE', fromFile.namespace),
    },
    ...(profile.apiKey === undefined
      ? []
      : [
          {
            name: 'API key' as const,
            value: 'set',
            source: find(options.apiKey, 'TEMPORAL_API_KEY', fromFile.apiKey),
          },
        ]),
    {
      name: 'TLS',
      value: !hasTls ? 'off' : profile.tls?.clientCert === undefined ? 'on' : 'on, with a client certificate',
      source: tlsSource,
    },
  ];
}
