import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import Long from 'long';
import { findFreeLowPort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import type { PostgresAddress } from './postgres/databases.ts';
import type { TemporalServer } from './temporal-server.ts';
import { waitUntilServing } from './wait-until-serving.ts';

/** The server as clusters run it, and the tool that makes its databases. */
export interface RealTemporalPrograms {
  readonly server: string;
  readonly sqlTool: string;
}

/** Its parts, each of which listens for calls and for the others of its kind. */
const services = ['FRONTEND', 'HISTORY', 'MATCHING', 'WORKER'] as const;
const namespace = 'default';
const retentionSeconds = 30 * 86_400;
/** Temporal's number for the kind of queue that workflows are on, and gRPC's for what is there already. */
const workflowQueue = 1;
const alreadyExists = 6;

/** What `TEMPORAL_SERVER_BIN` and `TEMPORAL_SQL_TOOL_BIN` name; undefined where they name nothing. */
export function findRealTemporal(
  environment: Readonly<Record<string, string | undefined>>,
): RealTemporalPrograms | undefined {
  const { TEMPORAL_SERVER_BIN: server = '', TEMPORAL_SQL_TOOL_BIN: sqlTool = '' } = environment;
  if (server === '' && sqlTool === '') return undefined;
  if (server === '' || sqlTool === '') {
    throw new Error('TEMPORAL_SERVER_BIN and TEMPORAL_SQL_TOOL_BIN belong together: one of them is not set.');
  }
  return { server, sqlTool };
}

/**
 * Starts the real server on two new databases of that PostgreSQL, with a namespace `default`.
 *
 * @throws {Error} where it ends in place of starting.
 */
export async function startRealTemporalServer(
  { server: program, sqlTool }: RealTemporalPrograms,
  postgres: PostgresAddress,
): Promise<TemporalServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stet-real-temporal-'));
  const name = `temporal_${randomBytes(4).toString('hex')}`;
  const databases = { DBNAME: name, VISIBILITY_DBNAME: `${name}_visibility` };
  await makeDatabase(sqlTool, postgres, databases.DBNAME, 'postgresql/v12/temporal');
  await makeDatabase(sqlTool, postgres, databases.VISIBILITY_DBNAME, 'postgresql/v12/visibility');

  const dynamicConfiguration = path.join(folder, 'dynamic-config.yaml');
  await writeFile(dynamicConfiguration, 'limit.maxIDLength:\n  - value: 255\n');
  // On PostgreSQL the server keeps the ports of its parts in columns of 16 bits with a sign.
  const ports: Record<string, string> = {};
  for (const service of services) {
    for (const kind of ['GRPC', 'MEMBERSHIP']) ports[`${service}_${kind}_PORT`] = String(await findFreeLowPort());
  }
  ports['FRONTEND_HTTP_PORT'] = String(await findFreeLowPort());
  const address = `127.0.0.1:${ports['FRONTEND_GRPC_PORT']}`;
  const environment = {
    ...ports,
    ...databases,
    DB: 'postgres12',
    DB_PORT: String(postgres.port),
    POSTGRES_SEEDS: postgres.host,
    POSTGRES_USER: postgres.user,
    POSTGRES_PWD: postgres.password,
    BIND_ON_IP: '127.0.0.1',
    TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
    NUM_HISTORY_SHARDS: '4',
    LOG_LEVEL: 'error',
    DYNAMIC_CONFIG_FILE_PATH: dynamicConfiguration,
  };

  let running: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    running = startGuarded(program, ['--allow-no-auth', 'start'], { cwd: folder, environment });
    await waitUntilServing(running, address, ({ workflowService }) => workflowService.getSystemInfo({}));
    await ensureNamespace(address);
    // A namespace that was made a moment ago is not known to every part at once.
    await waitUntilServing(running, address, ({ workflowService }) =>
      workflowService.describeTaskQueue({ namespace, taskQueue: { name: 'any' }, taskQueueType: workflowQueue }),
    );
  };
  const stop = async (): Promise<void> => {
    await running?.stop('SIGKILL');
  };
  try {
    await start();
  } catch (error) {
    await stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    address,
    kill: stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeDatabase(
  sqlTool: string,
  { host, port, user, password }: PostgresAddress,
  database: string,
  schema: string,
): Promise<void> {
  const place = ['--plugin', 'postgres12', '--ep', host, '-p', String(port), '-u', user, '--pw', password];
  const run = promisify(execFile);
  for (const words of [['create'], ['setup-schema', '-v', '0.0'], ['update-schema', '--schema-name', schema]]) {
    await run(sqlTool, [...place, '--db', database, ...words]);
  }
}

/** Makes it where it is not there, which the first start finds. */
async function ensureNamespace(address: string): Promise<void> {
  const connection = Connection.lazy({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(retentionSeconds) },
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || Number(error.code) !== alreadyExists) throw error;
  } finally {
    await connection.close();
  }
}
