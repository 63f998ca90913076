import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pinnedCliVersion } from './pinned-cli.ts';
import { type Environment, runTool } from './run-tool.ts';

/** The releases page of the CLI's own repository. */
export const officialReleases = 'https://github.com/temporalio/cli/releases/download';

/** Short, because behind a firewall that lets only package indexes through, the next source must come soon. */
const connectTimeoutMs = 3_000;
const stallTimeoutMs = 20_000;
const unpackTimeoutMs = 120_000;
const progressEveryPercent = 25;

/** Downloads the official archive of the pinned release and unpacks the executable; never throws for a network's faults. */
export async function downloadOfficialRelease(
  folder: string,
  options: {
    readonly platform: string;
    readonly releases: string;
    readonly environment: Environment;
    readonly onProgress: (line: string) => void;
  },
): Promise<{ readonly path: string } | { readonly problem: string }> {
  const { platform, releases, environment, onProgress } = options;
  const name = `temporal_cli_${pinnedCliVersion}_${platform.replace('-', '_')}.tar.gz`;
  const address = `${releases}/v${pinnedCliVersion}/${name}`;
  const archive = join(folder, name);
  onProgress(`Fetching the Temporal CLI ${pinnedCliVersion} for the embedded server: ${address}`);
  try {
    await download(address, archive, onProgress);
  } catch (error) {
    return { problem: `${address}: ${describeFault(error)}` };
  }
  const unpacked = await runTool('tar', ['-xzf', archive, '-C', folder, 'temporal'], {
    environment,
    timeoutMs: unpackTimeoutMs,
  });
  if (unpacked.state === 'absent') return { problem: 'there is no `tar` to unpack it with' };
  if (unpacked.state === 'failed') return { problem: `${name} could not be unpacked (${unpacked.message})` };
  const path = join(folder, 'temporal');
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  return isThere ? { path } : { problem: `${name} holds no executable` };
}

async function download(address: string, path: string, onProgress: (line: string) => void): Promise<void> {
  // Loaded here, since nearly every command finds the CLI in place and has something better to do at its start.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: connectTimeoutMs },
    headersTimeout: stallTimeoutMs,
    bodyTimeout: stallTimeoutMs,
  });
  try {
    const response = await fetch(address, { dispatcher });
    if (!response.ok || response.body === null)
      throw new Error(`the answer was ${response.status} ${response.statusText}`);
    const totalBytes = Number(response.headers.get('content-length') ?? 0);
    await pipeline(Readable.fromWeb(response.body), reportProgress(totalBytes, onProgress), createWriteStream(path));
  } finally {
    await dispatcher.destroy();
  }
}

function reportProgress(totalBytes: number, onProgress: (line: string) => void): Transform {
  let receivedBytes = 0;
  let reportedPercent = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      receivedBytes += chunk.length;
      const percent = totalBytes === 0 ? 0 : Math.floor((receivedBytes / totalBytes) * 100);
      if (percent >= reportedPercent + progressEveryPercent) {
        reportedPercent = percent - (percent % progressEveryPercent);
        onProgress(`Temporal CLI: ${reportedPercent} % of ${Math.ceil(totalBytes / 1_000_000)} MB`);
      }
      done(null, chunk);
    },
  });
}

/** `fetch` hides the fault of the network one level down. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
