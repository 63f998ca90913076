import type { RunLog } from '../../storage/run-log.ts';
import type { TemporalService } from '../temporal-service.ts';
import { embeddedNamespace } from './configure-server.ts';
import { ensureServer, type ServerOptions } from './ensure-server.ts';
import { findTemporalCli } from './find-cli.ts';
import type { Environment } from './run-tool.ts';
import { watchServer } from './watch-server.ts';

/** A stuck workflow task of a killed worker is waited for so long; on a cluster it would be 10 s. */
const WORKFLOW_TASK_TIMEOUT_MS = 2_000;

/**
 * The server that Stet brings: started or joined (design 4.3).
 *
 * @throws {EvaluationError} `temporal-cli-missing`, `temporal-failed`.
 */
export async function openEmbeddedTemporal(
  options: Omit<ServerOptions, 'cliPath' | 'cliVersion' | 'runs'> & {
    readonly environment: Environment;
    readonly runs: ServerOptions['runs'] & Pick<RunLog, 'recordTemporal'>;
  },
): Promise<TemporalService> {
  const { environment, runs } = options;
  const cli = await findTemporalCli({ environment, onProgress: options.onNotice });
  const server = await ensureServer({ ...options, cliPath: cli.path, cliVersion: cli.version });
  // Runs that began on another Temporal meanwhile are unknown to this one.
  const usedSince = await runs.recordTemporal('embedded', new Date().toISOString());
  const findWholeSince = async () => [await server.findDatabaseCreatedAt(), usedSince].toSorted().at(-1) ?? usedSince;
  if (server.uiAddress !== undefined) options.onNotice(`Temporal's web UI: ${server.uiAddress}`);
  return {
    kind: 'embedded',
    target: { address: server.address, namespace: embeddedNamespace },
    uiAddress: server.uiAddress,
    workflowTaskTimeoutMs: WORKFLOW_TASK_TIMEOUT_MS,
    wholeSince: await findWholeSince(),
    findWholeSince,
    async revive() {
      await server.revive();
    },
    watch(listener) {
      let isLost = false;
      const onNotice = (line: string): void => listener.onNotice(line);
      const watch = watchServer(server, onNotice, (reason) => {
        isLost = true;
        listener.onLost(reason);
      });
      return {
        get isAnswering() {
          return !isLost;
        },
        stop: () => watch.stop(),
      };
    },
    release: () => server.release(),
  };
}
