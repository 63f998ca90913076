import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../storage/index.ts';
import { makeRun, makeTask } from '../storage/conformance/samples.ts';
import { runTool } from './run-tool.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export type ShellName = 'bash' | 'zsh' | 'fish';

/** A folder with a store of one run, and `stet` on the path of the shells that are started there. */
export interface CompletingShell extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** What the shell offers for a line at whose end the cursor is. */
  complete(shell: ShellName, line: string): Promise<readonly string[]>;
}

export async function hasShell(shell: ShellName): Promise<boolean> {
  return runTool(shell, ['-c', 'exit 0'], { cwd: process.cwd() }).then(
    ({ code }) => code === 0,
    () => false,
  );
}

export async function openCompletingShell(): Promise<CompletingShell> {
  const folder = await makeTemporaryFolder();
  const store = await openStore(path.join(folder.path, '.stet'));
  await store.runs.createRun(makeRun('aaaabbbb00000000', { label: 'first one' }), [
    makeTask('result-1', { key: 'answers' }),
  ]);
  await store.close();
  await chmod(await folder.write('stet', `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`), 0o755);
  await folder.write('run.yaml', '{}\n');
  const environment = { PATH: `${folder.path}:${process.env['PATH']}`, TERM: 'dumb', HOME: folder.path };
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const { stdout } = await runTool(process.execPath, [main, 'completion', shell], { cwd: folder.path });
    await folder.write(`stet.${shell}`, stdout);
  }
  return {
    folder,
    async complete(shell, line) {
      const [program, ...programArguments] = makeCall(shell, line);
      const { stdout, stderr, code } = await runTool(program, programArguments, { cwd: folder.path, environment });
      if (code !== 0 || stderr !== '') throw new Error(`${shell} failed (${code}): ${stderr}`);
      return stdout
        .split('\n')
        .map((offered) => offered.split('\t')[0] ?? '')
        .filter((offered) => offered !== '');
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function makeCall(shell: ShellName, line: string): readonly [string, ...string[]] {
  switch (shell) {
    // bash hands the words to the function, taken apart at what it takes for word breaks.
    case 'bash': {
      const words = line.split(/ |(?<==)|(?==)/);
      return ['bash', '-c', bashProgram, 'bash', ...words];
    }
    case 'zsh':
      return ['python3', '-c', zshTerminal, line];
    case 'fish':
      return ['fish', '--no-config', '-c', 'source stet.fish; complete -C $argv[1]', line];
  }
}

const bashProgram = String.raw`source ./stet.bash
COMP_WORDS=(stet "${'$'}{@:2}") COMP_CWORD=$(($# - 1))
_stet
for each in "${'$'}{COMPREPLY[@]}"; do printf '%s\n' "$each"; done`;

// zsh completes in an interactive shell only: a terminal, the key, and what the line has become. A key that says the line
// is pressed behind the tab, so that the answer is waited for and nothing else.
const zshTerminal = String.raw`
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp('zsh', ['zsh', '-f', '-i'])
setup = r'''PS1=; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ./stet.zsh
setopt no_auto_menu; zstyle ':completion:*' menu no; LISTMAX=1000
say() { print -r -- "<<<$BUFFER>>>" > said; zle accept-line; BUFFER=exit }; zle -N say; bindkey '^T' say; print -r REA'DY'
'''
os.write(terminal, setup.encode())
shown = b''
isSent = False
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not isSent and b'READY' in shown:
        isSent = True
        os.write(terminal, sys.argv[1].encode() + b'\t\x14')
os.waitpid(pid, 0)
print(open('said').read().strip()[3:-3].rstrip())
`;
