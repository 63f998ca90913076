import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The model of mock-server.ts in a process of its own, which ends with this one. */
export async function startMock(delayMs = 0): Promise<{ readonly baseUrl: string; readonly process: ChildProcess }> {
  const program = fileURLToPath(new URL('../mock-server.js', import.meta.url));
  const mock = spawn(process.execPath, [program, String(delayMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(mock.stdout, 'data')) as [Buffer];
  return { baseUrl: line.toString().trim(), process: mock };
}
