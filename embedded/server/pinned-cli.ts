/** The release of the Temporal CLI that Stet is tested with and fetches where there is none. */
export const pinnedCliVersion = '1.9.1';

export const cliPlatforms = ['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64'] as const;
export type CliPlatform = (typeof cliPlatforms)[number];

/** Size and SHA-256 of the executable itself, whichever package it came in. */
export interface CliPin {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Where they come from and what was checked: docs/decisions/2026-11-21-temporal-cli.md. */
export const cliPins: Readonly<Record<CliPlatform, CliPin>> = {
  'linux-amd64': {
    sizeBytes: 156_328_098,
    sha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    sizeBytes: 145_752_226,
    sha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-amd64': {
    sizeBytes: 160_270_736,
    sha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
  'darwin-arm64': {
    sizeBytes: 150_806_194,
    sha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
};

/** The platform of this process, undefined where no release is pinned. */
export function findCliPlatform(
  platform: string = process.platform,
  architecture: string = process.arch,
): CliPlatform | undefined {
  const name = `${platform}-${architecture === 'x64' ? 'amd64' : architecture}`;
  return cliPlatforms.find((candidate) => candidate === name);
}

/**
 * Whether a CLI that the user has for other purposes will do: the pinned minor release or a later one of the same
 * major version, whose server is at least the tested one.
 */
export function isAcceptedCliVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [pinnedMajor = 0, pinnedMinor = 0] = pinnedCliVersion.split('.').map(Number);
  return major === pinnedMajor && minor >= pinnedMinor;
}
