import type { RunDocument, TaskDocument } from '../client/run-document.ts';
import type { SampleDocument, Stet } from '../client/stet.ts';
import type { CommandContext } from './command-context.ts';
import type { WhereFlags } from './options/where-option.ts';
import { formatCount, formatPlural, shortenId } from './output/format.ts';
import { writeJson } from './output/json.ts';
import { makeCommandLines } from './output/next-steps.ts';
import type { HumanOutput } from './output/output.ts';
import { renderSampleList } from './output/task-view.ts';

export interface PageFlags extends WhereFlags {
  readonly store?: string;
  readonly json?: boolean;
  readonly limit?: number;
  readonly skip?: number;
}

const samplesOnPage = 20;

/** One page of a task's samples, in dataset order. */
export async function showSamples(
  context: CommandContext,
  flags: PageFlags,
  found: { readonly stet: Stet; readonly run: RunDocument; readonly task: TaskDocument; readonly output: HumanOutput },
): Promise<void> {
  const { stet, run, task, output } = found;
  const { where, skip = 0, limit = samplesOnPage } = flags;
  const samples: SampleDocument[] = [];
  let seen = 0;
  let hasMore = false;
  for await (const sample of stet.samples(run.run, { task: task.key, ...(where === undefined ? {} : { where }) })) {
    seen += 1;
    if (seen <= skip) continue;
    hasMore = samples.length === limit;
    if (hasMore) break;
    samples.push(sample);
  }
  if (flags.json === true) {
    const page = { where: where ?? null, skip, has_more: hasMore, samples };
    writeJson(context.stdout, { run: run.run, task: task.key, ...page });
    return;
  }
  const [first] = samples;
  if (first === undefined) {
    output.write(`${describeNone(seen, where)}\n`);
    return;
  }
  output.write(renderSampleList(samples, output));
  const commandLine = makeCommandLines(context.environment, flags);
  const shown = `${formatCount(skip + 1)} to ${formatCount(skip + samples.length)}`;
  const fitting = where === undefined ? 'of the samples' : 'of those that fit';
  const words = ['show', shortenId(run.run), task.key];
  if (hasMore) {
    const filter = where === undefined ? ['--samples'] : ['--where', where];
    const page = flags.limit === undefined ? [] : ['--limit', String(limit)];
    const next = commandLine(...words, ...filter, ...page, '--skip', String(skip + samples.length));
    output.write(`${shown} ${fitting}; more: ${next}\n`);
  } else {
    const verb = seen === 1 ? 'fits' : 'fit';
    output.write(
      where === undefined ? `${formatPlural(seen, 'sample')}.\n` : `${formatPlural(seen, 'sample')} ${verb}.\n`,
    );
  }
  output.write(`One of them in full: ${commandLine(...words, first.sample_id)}\n`);
}

function describeNone(seen: number, where: string | undefined): string {
  if (seen > 0) return `There are only ${formatPlural(seen, 'sample')}; nothing is left to show.`;
  return where === undefined ? 'There are no samples.' : 'No sample fits.';
}
