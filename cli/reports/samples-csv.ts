import type { SampleRow } from '../../client/sample-rows.ts';
import type { JsonValue } from '../../contracts/json.ts';
import { renderCsvRecord } from './csv.ts';

/** Columns of a table of samples: those that the samples have between them. */
export interface SampleColumns {
  /** Takes note of what a sample has; to be called for each before anything is rendered. */
  collect(row: SampleRow): void;
  renderHead(): string;
  renderRow(row: SampleRow): string;
}

/** Names in the order in which they were first met. */
type Names = Map<string, Set<string>>;

/** A row per trial: fields of the dataset as `sample.NAME`, scores as `score.SCORER.NAME`, metadata as JSON per scorer. */
export function createSampleColumns(): SampleColumns {
  const fields = new Set<string>();
  const scores: Names = new Map();
  const metadata = new Set<string>();
  const list = () => [
    ...leading,
    ...[...fields].map((name): Column => [`sample.${name}`, ({ sample }) => sample[name]]),
    ...middle,
    ...[...scores].flatMap(([scorer, names]) =>
      [...names].map((name): Column => [`score.${scorer}.${name}`, (row) => row.scores[scorer]?.[name]]),
    ),
    ...[...metadata].map((scorer): Column => [`metadata.${scorer}`, (row) => row.metadata[scorer]]),
    ...trailing,
  ];
  let columns: readonly Column[] | undefined;
  return {
    collect(row) {
      for (const name of Object.keys(row.sample)) fields.add(name);
      for (const [scorer, values] of Object.entries(row.scores)) {
        const names = scores.get(scorer) ?? new Set();
        for (const name of Object.keys(values)) names.add(name);
        scores.set(scorer, names);
      }
      for (const scorer of Object.keys(row.metadata)) metadata.add(scorer);
    },
    renderHead: () => {
      columns = list();
      return renderCsvRecord(columns.map(([title]) => title));
    },
    renderRow: (row) => {
      columns ??= list();
      return renderCsvRecord(columns.map(([, read]) => read(row)));
    },
  };
}

type Column = readonly [title: string, read: (row: SampleRow) => JsonValue | undefined];

const leading: readonly Column[] = [
  ['task', ({ task }) => task],
  ['sample_id', ({ sample_id: id }) => id],
  ['sample_index', ({ sample_index: index }) => index],
  ['trial', ({ trial }) => trial],
];

const middle: readonly Column[] = [
  ['output', ({ output }) => output],
  ['finish_reason', ({ finish_reason: reason }) => reason],
];

const trailing: readonly Column[] = [
  ['excluded_from_metrics', ({ excluded_from_metrics: isExcluded }) => isExcluded],
  ['errors', ({ errors }) => describeErrors(errors)],
  ...(['solver', 'judge'] as const).flatMap((purpose): readonly Column[] => [
    [`${purpose}.answered`, (row) => row[purpose].answered],
    [`${purpose}.stood`, (row) => row[purpose].stood],
    [`${purpose}.retried`, (row) => row[purpose].retried],
    [`${purpose}.prompt_tokens`, (row) => row[purpose].prompt_tokens],
    [`${purpose}.completion_tokens`, (row) => row[purpose].completion_tokens],
    [`${purpose}.duration_ms`, (row) => row[purpose].duration_ms],
  ]),
];

function describeErrors(errors: SampleRow['errors']): string | null {
  if (errors.length === 0) return null;
  return errors.map(({ stage, error_type: type, message }) => `${stage}: ${message} [${type}]`).join('\n');
}
