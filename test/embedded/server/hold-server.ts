import { once } from 'node:events';
import { join } from 'node:path';
import { describeThisProcess } from '../../../embedded/process-registry.ts';
import { ensureServer } from '../../../embedded/server/ensure-server.ts';
import { openProcessFolder } from './process-folder.ts';

// A command that holds a share in the server of a store until its standard input ends. Run as its own process.

const [storeDirectory = '', cliPath = '', cliVersion = ''] = process.argv.slice(2);
const runs = openProcessFolder(join(storeDirectory, 'processes'));
const self = describeThisProcess('hold');
await runs.registerProcess(self);
const { processId } = self;
const onNotice = (line: string): boolean => process.stderr.write(`${line}\n`);
const server = await ensureServer({ storeDirectory, cliPath, cliVersion, processId, runs, onNotice });
const { address, startedHere, isFresh, databaseWholeSince } = server;
process.stdout.write(`${JSON.stringify({ address, startedHere, isFresh, databaseWholeSince })}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
await server.release();
process.exit(0);
