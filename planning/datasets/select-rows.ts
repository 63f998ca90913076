import { toCanonicalJson } from '../../evaluation/fingerprint/canonical-json.ts';
import type { PositionSet } from './position-set.ts';
import type { RowFilter } from './row-filter.ts';
import type { RowSource } from './row-source.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { createRandomSubsample } from './subsample.ts';
import { type RowSurvey, surveyRows } from './survey-rows.ts';

export interface RowSelection {
  /** At most this many rows after filters; null for all. */
  readonly numSamples: number | null;
  readonly subsampling: 'head' | 'random';
  readonly seed: number;
}

/**
 * Surveys all rows and hands the selected ones to the writer, in dataset order (format 13.4).
 *
 * `head` needs one reading. `random` needs a second one, of the rows it chose: holding them back in the first would take
 * as much memory as they do.
 */
export async function selectRows(
  source: RowSource,
  filter: RowFilter | undefined,
  selection: RowSelection,
  writer: SegmentWriter,
): Promise<RowSurvey> {
  const { numSamples, subsampling, seed } = selection;
  if (numSamples === null || subsampling === 'head') {
    return surveyRows(source, filter, {
      visitKept(position, canonicalRow) {
        if (numSamples === null || writer.count < numSamples) writer.add(position, canonicalRow);
      },
      endBatch: () => writer.settle(),
    });
  }

  const byColumn = createRandomSubsample({ count: numSamples, seed });
  const survey = await surveyRows(source, filter, {
    visitKept(position, _canonicalRow, columnId) {
      if (columnId !== undefined) byColumn.visit(position, columnId);
    },
  });
  const chosen =
    survey.idSource === 'column' ? byColumn.getPositions() : chooseByPosition(survey.kept, numSamples, seed);
  await writeRows(source, chosen, writer);
  return survey;
}

function chooseByPosition(kept: PositionSet, count: number, seed: number): PositionSet {
  const byPosition = createRandomSubsample({ count, seed });
  for (const position of kept) byPosition.visit(position, String(position));
  return byPosition.getPositions();
}

async function writeRows(source: RowSource, chosen: PositionSet, writer: SegmentWriter): Promise<void> {
  for await (const batch of source.readBatches(chosen)) {
    for (const { position, row } of batch) writer.add(position, toCanonicalJson(row));
    await writer.settle();
  }
}
