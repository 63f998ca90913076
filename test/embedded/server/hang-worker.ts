import { Context } from '@temporalio/activity';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { describeThisProcess } from '../../../embedded/process-registry.ts';
import { makeWorkerIdentity } from '../../../embedded/worker-identity.ts';

// A worker whose activity never ends, to be killed. Run as its own process; prints its registration, then `working`.

const [address = '', taskQueue = '', codePath = ''] = process.argv.slice(2);
Runtime.install({ shutdownSignals: [] });
const self = describeThisProcess('worker');
process.stdout.write(`${JSON.stringify(self)}\n`);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace: 'default',
  taskQueue,
  identity: makeWorkerIdentity(self),
  workflowBundle: { codePath },
  maxHeartbeatThrottleInterval: 200,
  activities: {
    async work(): Promise<never> {
      const context = Context.current();
      process.stdout.write('working\n');
      for (;;) {
        context.heartbeat();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  },
});
await worker.run();
