import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { suggestName } from '../../evaluation/nearest-name.ts';
import type { ResolvedRun } from '../../planning/run-file/index.ts';
import type { NotifyTarget } from '../../storage/schedule-log.ts';
import type { NotifyOptions } from './schedules.ts';

const defaultVariable = 'STET_NOTIFY_SECRET';

/**
 * Where notifications go and which variable signs them, by name: neither value is stored.
 *
 * @throws {EvaluationError} `config-secret`, `config-unknown-name`.
 */
export function findNotifyTarget(
  notify: NotifyOptions,
  { secrets, environment }: Pick<ResolvedRun, 'secrets' | 'environment'>,
  options: { readonly mustHaveValues: boolean },
): NotifyTarget {
  const secretVariable = findVariable(notify.secret ?? `$${defaultVariable}`, secrets);
  const variables = [secretVariable, ...(notify.url.startsWith('$') ? [notify.url.slice(1)] : [])];
  for (const variable of variables) {
    if (!options.mustHaveValues || (environment[variable] ?? '') !== '') continue;
    throw new EvaluationError(
      'config-secret',
      `Notifications need the environment variable ${variable}, which is not set.`,
      {
        hint: `Set ${variable} in the environment or in .env beside the run file; name another for the key with --notify-secret.`,
      },
    );
  }
  return { url: notify.url, secretVariable };
}

function findVariable(text: string, secrets: ResolvedRun['secrets']): string {
  const [, variable] = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
  if (variable !== undefined) return variable;
  const [, name] = /^<<\s*secrets\.([A-Za-z0-9_-]+)\s*>>$/.exec(text) ?? [];
  if (name === undefined) {
    throw new EvaluationError('config-secret', 'The key for notifications is written out.', {
      hint: 'Write the name of what holds it: $VARIABLE or << secrets.NAME >>.',
    });
  }
  const reference = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (reference !== undefined) return reference.variable;
  const hint = suggestName(name, Object.keys(secrets));
  throw new EvaluationError(
    'config-unknown-name',
    `The run file declares no secret "${name}".`,
    hint === undefined ? {} : { hint },
  );
}
