import type {
  ExplainAnswerDocument,
  ExplainDocument,
  ExplainSampleDocument,
  ExplainStageDocument,
  ExplainStepDocument,
  ExplainTaskDocument,
} from '../../client/explain/explain-documents.ts';
import { formatAge, formatCount, formatPlural, shortenId } from './format.ts';
import type { HumanOutput } from './output.ts';
import { renderReasonList } from './reasons.ts';
import { renderVerdict } from './reuse-text.ts';
import { cleanLine, indent, wrapText } from './text.ts';

/** Where every piece of a run came from, task by task, from this run back to where it was computed. */
export function renderExplanation(explanation: ExplainDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const label = explanation.label === null ? '' : ` (${cleanLine(explanation.label)})`;
  const facts = [
    explanation.status,
    `cache policy ${explanation.cache_policy}`,
    ...(explanation.attempt > 1 ? [`attempt ${explanation.attempt}`] : []),
    describeMoment(explanation.started_at, nowMs),
    ...describeWho(explanation),
    ...(explanation.mends === null ? [] : [`tries failed samples of run ${shortenId(explanation.mends)} again`]),
  ];
  const title = `${style.strong(`Run ${shortenId(explanation.run)} of ${explanation.evaluation}`)}${label}\n`;
  const head = `${title}${wrapText(facts.join(', '), output.width)}\n`;
  return [head, ...explanation.tasks.map((task) => renderTask(task, output, nowMs))].join('\n');
}

function renderTask(task: ExplainTaskDocument, output: HumanOutput, nowMs: number): string {
  const { style } = output;
  const errors = task.samples.errors === 0 ? '' : `, ${formatPlural(task.samples.errors, 'error')}`;
  const heading = `${style.strong(cleanLine(task.key))}${style.isPlain ? ': reuse ' : '  '}${renderVerdict(task.reuse, style)}, ${formatPlural(task.samples.total, 'sample')}${errors}`;
  const steps = task.steps.map((step, index) =>
    renderStep(step, { key: task.key, index, isLast: index === task.steps.length - 1 }, output, nowMs),
  );
  return [
    `${heading}\n`,
    ...(task.result_digest === null
      ? []
      : [indent(`${wrapText(`${style.faint('outcome')} ${task.result_digest}`, output.width - 2)}\n`, 2)]),
    ...steps.map((step) => indent(step, 2)),
    renderWhy(task, output),
    ...(task.sample === undefined ? [] : [`\n${renderSample(task.sample, output, nowMs)}`]),
  ].join('');
}

/** The reasons as they were recorded, where none of the steps says them. */
function renderWhy({ why, steps }: ExplainTaskDocument, output: HumanOutput): string {
  if (why === null || why.length === 0 || steps.some(({ differences }) => differences.length > 0)) return '';
  const list = renderReasonList(why, { ...output, width: output.width - 2 });
  return indent(`Why it had to work, as was recorded then:\n${list}`, 2);
}

function renderStep(
  step: ExplainStepDocument,
  { key, index, isLast }: { readonly key: string; readonly index: number; readonly isLast: boolean },
  output: HumanOutput,
  nowMs: number,
): string {
  const width = output.width - 5;
  if (!step.is_known) {
    return `${index + 1}. result ${step.task_result}: not in the store any more; what stands of it lies in the results above.\n`;
  }
  const at = step.ended_at ?? step.solved_at;
  const name = [
    `run ${shortenId(step.run ?? '')}${step.label === null ? '' : ` (${cleanLine(step.label)})`}`,
    ...(step.task === null || step.task === key ? [] : [`task ${cleanLine(step.task)}`]),
    ...(at === null ? [] : [describeMoment(at, nowMs)]),
    ...describeWho(step),
    ...(step.attempt !== null && step.attempt > 1 ? [`attempt ${step.attempt}`] : []),
    ...(step.cache_policy === 'reuse' || step.cache_policy === null ? [] : [`cache policy ${step.cache_policy}`]),
    ...(step.is_removed ? ['taken out of reuse'] : []),
  ];
  const [first = '', ...rest] = wrapText(name.join(', '), width).split('\n');
  const keys = [
    `${output.style.faint('result')} ${step.task_result}`,
    ...(step.solver_key === null ? [] : [`${output.style.faint('solver key')} ${shortenDigest(step.solver_key)}`]),
    ...(step.result_key === null ? [] : [`${output.style.faint('result key')} ${shortenDigest(step.result_key)}`]),
  ];
  const differences =
    step.differences.length === 0
      ? ''
      : `what is other than in ${index + 2}:\n${renderReasonList(step.differences, { ...output, width })}`;
  return [
    `${index + 1}. ${first}\n`,
    ...rest.map((line) => `   ${line}\n`),
    indent(`${wrapText(describeContribution(step, isLast, index + 2), width)}\n`, 3),
    indent(`${wrapText(keys.join(', '), width)}\n`, 3),
    indent(differences, 3),
  ].join('');
}

function describeContribution({ contribution, status }: ExplainStepDocument, isLast: boolean, next: number): string {
  switch (contribution) {
    case 'nothing':
      return `asked and computed nothing: all of ${next} stands`;
    case 'scores':
      return `computed scores, rules and metrics; the solver outputs of ${next} stand`;
    case 'retries':
      return `tried the failed samples of ${next} again; the others stand`;
    case 'everything':
      return status === 'completed' || !isLast
        ? 'solved and scored'
        : `solved and scored as far as it came (${status})`;
    case null:
      return status === 'pending' || status === 'running'
        ? 'has not decided yet what stands'
        : `${status} before it began`;
  }
}

function renderSample(sample: ExplainSampleDocument, output: HumanOutput, nowMs: number): string {
  const title = `${output.style.strong(`Sample ${cleanLine(sample.sample_id)}`)} (row ${formatCount(sample.sample_index + 1)}, segment ${sample.segment_index})\n`;
  return `${title}${sample.stages.map((stage) => indent(renderStage(stage, output, nowMs), 2)).join('')}`;
}

function renderStage(stage: ExplainStageDocument, output: HumanOutput, nowMs: number): string {
  const verb = stage.stage === 'solve' ? 'solved' : 'scored';
  if (stage.task_result === null) return `not ${verb} yet\n`;
  const where = stage.blob === null ? 'in the journal, not sealed yet' : `segment blob ${shortenDigest(stage.blob)}`;
  const heading = `${verb} in run ${shortenId(stage.run ?? '')}, attempt ${stage.attempt ?? 1}, ${where}`;
  return [
    `${wrapText(heading, output.width - 2)}\n`,
    ...stage.answers.map((answer) => renderItem(describeAnswer(answer, nowMs), output)),
    ...stage.errors.map((error) =>
      indent(`- ${output.style.bad(cleanLine(error.error_type))}: ${cleanLine(error.message)}\n`, 2),
    ),
  ].join('');
}

function renderItem(text: string, output: HumanOutput): string {
  const lines = wrapText(text, output.width - 6).split('\n');
  return lines.map((line, index) => `${index === 0 ? '  - ' : '    '}${line}\n`).join('');
}

function describeAnswer(answer: ExplainAnswerDocument, nowMs: number): string {
  const facts = [
    `answer of ${answer.model}${answer.scorer === null ? '' : ` to scorer ${answer.scorer}`}`,
    ...(answer.trial === 0 ? [] : [`trial ${answer.trial}`]),
    describeMoment(answer.answered_at, nowMs),
    ...(answer.served_model === null ? [] : [`served by ${answer.served_model}`]),
    `asked ${shortenDigest(answer.request_digest)}`,
    ...(answer.request_id === null ? [] : [`request ${answer.request_id}`]),
    ...(answer.retried === 0 ? [] : [`sent again ${formatPlural(answer.retried, 'time')}`]),
    ...(answer.origin === null
      ? []
      : [
          `not asked for: it stands from sample ${answer.origin.sample_id} of run ${shortenId(answer.origin.run)}, result ${answer.origin.task_result}`,
        ]),
  ];
  return facts.map(cleanLine).join(', ');
}

function describeMoment(at: string, nowMs: number): string {
  return `${at.slice(0, 16).replace('T', ' ')} (${formatAge(at, nowMs)})`;
}

function describeWho({
  user,
  host,
}: {
  readonly user: string | null;
  readonly host: string | null;
}): readonly string[] {
  if (user === null) return host === null ? [] : [`on ${cleanLine(host)}`];
  return [`by ${cleanLine(user)}${host === null ? '' : ` on ${cleanLine(host)}`}`];
}

/** Enough of a digest to tell it from others; `--json` has all of it. */
function shortenDigest(digest: string): string {
  return digest.startsWith('sha256:') ? `${digest.slice(0, 19)}…` : digest;
}
