import { type CommandEnd, startCommand } from './command.ts';

/** Runs a command that nobody disturbs, to its end. */
export async function runCommand(
  commandArguments: readonly string[],
  folder: string,
): Promise<CommandEnd & { readonly said: string }> {
  const command = startCommand(commandArguments, { name: 'undisturbed', folder });
  const end = await command.ended;
  return { ...end, said: command.lastLines.join('\n') };
}

/** @throws {Error} when it ends with anything but 0, with what it said. */
export async function runCommandJson<Document>(commandArguments: readonly string[], folder: string): Promise<Document> {
  const { code, stdout, said } = await runCommand([...commandArguments, '--json'], folder);
  if (code !== 0) throw new Error(`stet ${commandArguments.join(' ')} ended with ${code}; it said:\n${said}`);
  return JSON.parse(stdout) as Document;
}
