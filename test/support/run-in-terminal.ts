import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Types on a pseudo-terminal: each answer as soon as the text before it has been shown; null closes the terminal. */
export type Dialogue = readonly (readonly [shown: string, typed: string | null])[];

// Gives what was shown on standard output, and ends as the program does.
const program = `
import json, os, pty, sys
dialogue, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b''
seen = 0
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    while dialogue and dialogue[0][0].encode() in shown[seen:]:
        wanted, typed = dialogue.pop(0)
        seen = shown.index(wanted.encode(), seen) + len(wanted.encode())
        if typed is None:
            os.close(terminal)
            terminal = -1
            break
        os.write(terminal, typed.encode())
    if terminal < 0:
        break
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status) % 256)
`;

/** Runs the built command line as a person at a terminal does; needs python3. */
export function runInTerminal(
  commandArguments: readonly string[],
  options: { readonly cwd: string; readonly dialogue: Dialogue },
): Promise<{ readonly code: number; readonly shown: string }> {
  const { STET_STORE: _store, STET_RESUME: _resume, ...environment } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      'python3',
      ['-c', program, JSON.stringify(options.dialogue), process.execPath, main, ...commandArguments],
      { cwd: options.cwd, env: { ...environment, NO_COLOR: '1', TERM: 'xterm' } },
      (error, stdout, stderr) => {
        const shown = stdout.replaceAll('\r\n', '\n');
        if (error === null) resolve({ code: 0, shown });
        else if (typeof error.code === 'number' && stderr === '') resolve({ code: error.code, shown });
        else reject(new Error(`The terminal could not be used: ${stderr}`, { cause: error }));
      },
    );
  });
}
