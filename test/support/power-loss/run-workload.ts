import { dirname } from 'node:path';
import { openStet } from '../../../embedded/index.ts';
import { acknowledgeStoreWrites, openAcknowledgements } from './acknowledgement.ts';

// Run as a process of its own, recorded: one evaluation, as `stet run` does it.

const [store = '', acknowledgementPath = '', file = '', segmentSize = '1'] = process.argv.slice(2);
acknowledgeStoreWrites(openAcknowledgements(acknowledgementPath));
const stet = await openStet({ store, segmentSize: Number(segmentSize), workingDirectory: dirname(file) });
const run = await stet.run(file);
const { status } = await run.result();
await stet.close();
process.exitCode = status === 'completed' ? 0 : 1;
