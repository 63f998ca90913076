import path from 'node:path';
import { ConfigurationError, EvaluationError, type SourceLocation } from '../../contracts/evaluation-error.ts';
import type { CommandContext } from '../command-context.ts';
import { formatPlural } from './format.ts';
import { makeStyle, type Style, wantsPlain } from './style.ts';
import { cleanText, indent } from './text.ts';

/** {@link renderError} for standard error, as the context wants it. */
export function renderErrorFor(
  context: Pick<CommandContext, 'stderr' | 'environment' | 'commandLine' | 'workingDirectory'>,
  error: unknown,
): string {
  return renderError(error, {
    style: makeStyle(context.stderr, context.environment, wantsPlain(context)),
    workingDirectory: context.workingDirectory,
    showStack: context.environment['STET_DEBUG'] === '1',
  });
}

/** What a person reads when a command ends with an error: place, message, code, hint; a stack only where asked for. */
export function renderError(
  error: unknown,
  options: { readonly style: Style; readonly workingDirectory: string; readonly showStack: boolean },
): string {
  const { style } = options;
  const stack = options.showStack && error instanceof Error ? `${style.faint(stackOf(error))}\n` : '';
  if (error instanceof ConfigurationError) {
    const problems = error.problems.map((problem) => renderProblem(problem, options));
    const count = problems.length > 1 ? `${formatPlural(problems.length, 'problem')}; nothing was started.\n` : '';
    return `${problems.join('')}${count}${stack}`;
  }
  if (error instanceof EvaluationError) return `${renderProblem(error, options)}${stack}`;
  const message = cleanText(error instanceof Error ? error.message || error.name : String(error));
  const advice = options.showStack ? '' : `${indent('Set STET_DEBUG=1 to see where it came from.', 2)}\n`;
  return `${style.bad('Unexpected error:')} ${message}\n${advice}${stack}`;
}

function renderProblem(
  error: EvaluationError,
  options: { readonly style: Style; readonly workingDirectory: string },
): string {
  const { style } = options;
  const place = error.location === undefined ? '' : `${formatLocation(error.location, options.workingDirectory)}: `;
  const hint = error.hint === undefined ? '' : `${indent(cleanText(error.hint), 2)}\n`;
  return `${style.strong(place)}${style.bad('error:')} ${cleanText(error.message)} ${style.faint(`[${error.code}]`)}\n${hint}`;
}

/** `file:line:column`, relative to the working directory where the file lies below it. */
function formatLocation(location: SourceLocation, workingDirectory: string): string {
  const relative = path.relative(workingDirectory, location.file);
  const isBelow =
    path.isAbsolute(location.file) && relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  const file = isBelow ? relative : location.file;
  if (location.line === undefined) return file;
  return location.column === undefined ? `${file}:${location.line}` : `${file}:${location.line}:${location.column}`;
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
