import type { AgainstDocument, AgainstTaskDocument } from '../../client/explain/explain-documents.ts';
import { formatAge, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderReasonList } from './reasons.ts';
import { cleanLine, indent } from './text.ts';

/** In which fields a run file is other than a run, specification by specification. */
export function renderAgainst(document: AgainstDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const label = document.label === null ? '' : ` (${cleanLine(document.label)})`;
  const name = `run ${shortenId(document.run)}${label} of ${document.evaluation}, ${formatAge(document.started_at, nowMs)}`;
  const title = `${style.strong('The run file')} against ${name}\n`;
  if (document.is_same) return `${title}Nothing that counts is other than in the run.\n`;
  const { before, after } = document.cache_policy;
  return [
    title,
    ...(before === after ? [] : [`Cache policy ${after}; that of the run is ${before}.\n`]),
    ...document.tasks.map((task) => renderTask(task, output)),
    ...(document.gone.length === 0 ? [] : [`Not in the file: ${document.gone.map(cleanLine).join(', ')}.\n`]),
  ].join('');
}

function renderTask(task: AgainstTaskDocument, output: HumanOutput): string {
  const { style } = output;
  const compared =
    task.against === null || task.against === task.key ? '' : ` (compared with ${cleanLine(task.against)})`;
  const heading = `${style.strong(cleanLine(task.key))}${compared}: ${describe(task, output)}\n`;
  return `${heading}${indent(renderReasonList(task.differences, { ...output, width: output.width - 2 }), 2)}`;
}

function describe(task: AgainstTaskDocument, { style }: HumanOutput): string {
  if (task.against === null) return 'the run has no task to compare it with';
  if (task.is_same_result_key) return style.good('the same');
  if (task.is_same_solver_key) return style.attention('solved the same way, scored otherwise');
  return style.bad('solved otherwise');
}
