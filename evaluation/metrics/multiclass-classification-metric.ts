import { textForm } from '../text-form.ts';
import { compareCodePoints } from './code-points.ts';
import type { MetricKind } from './metric-kind.ts';
import { divide, emptyReason, makeOutcome, type NumberOrReason, zeroDenominator } from './named-values.ts';
import { NeumaierSum } from './neumaier-sum.ts';
import { readField } from './read-field.ts';

interface ClassCounts {
  truePositives: number;
  truths: number;
  predictions: number;
}

const scoreNames = ['precision', 'recall', 'f1_score'] as const;

export const multiclassClassificationMetric: MetricKind<'multiclass-classification'> = {
  type: 'multiclass-classification',
  revision: 1,
  create({ field_gt, field_pred }) {
    /** Truth → prediction → samples. */
    const confusion = new Map<string, Map<string, number>>();
    let samples = 0;
    let missing = 0;
    return {
      add(values, _sampleId, times = 1) {
        samples += times;
        const truth = readField(values, field_gt);
        const prediction = readField(values, field_pred);
        if (truth === undefined || prediction === undefined) {
          missing += times;
          return;
        }
        const truthForm = textForm(truth);
        const predictionForm = textForm(prediction);
        const row = confusion.get(truthForm) ?? new Map<string, number>();
        confusion.set(truthForm, row);
        row.set(predictionForm, (row.get(predictionForm) ?? 0) + times);
      },
      finish() {
        const present = samples - missing;
        if (present === 0) {
          const reason = emptyReason(samples);
          const named = ['accuracy', ...scoreNames.map((name) => `macro_${name}`)].map(
            (name) => [name, reason] as const,
          );
          return makeOutcome(named, { num_missing: missing });
        }
        const cells = listCells(confusion);
        const classes = countClasses(cells);
        const scores = classes.map(([name, counts]) => [name, scoreClass(counts)] as const);
        const correct = classes.reduce((sum, [, counts]) => sum + counts.truePositives, 0);
        return makeOutcome(
          [
            ['accuracy', correct / present],
            ...scores.flatMap(([name, score]) => scoreNames.map((part) => [`${name}_${part}`, score[part]] as const)),
            // Last, so that the macro value stands where a class happens to be called "macro".
            ...scoreNames.map((part) => [`macro_${part}`, meanOf(scores.map(([, score]) => score[part]))] as const),
          ],
          { num_missing: missing, details: { confusion: cells } },
        );
      },
    };
  },
};

type Cell = { readonly ground_truth: string; readonly prediction: string; readonly count: number };

function listCells(confusion: ReadonlyMap<string, ReadonlyMap<string, number>>): Cell[] {
  const cells: Cell[] = [];
  for (const [ground_truth, row] of confusion) {
    for (const [prediction, count] of row) cells.push({ ground_truth, prediction, count });
  }
  return cells.sort(
    (left, right) =>
      compareCodePoints(left.ground_truth, right.ground_truth) || compareCodePoints(left.prediction, right.prediction),
  );
}

function countClasses(cells: readonly Cell[]): [name: string, counts: ClassCounts][] {
  const classes = new Map<string, ClassCounts>();
  const get = (name: string): ClassCounts => {
    const counts = classes.get(name) ?? { truePositives: 0, truths: 0, predictions: 0 };
    classes.set(name, counts);
    return counts;
  };
  for (const { ground_truth, prediction, count } of cells) {
    get(ground_truth).truths += count;
    get(prediction).predictions += count;
    if (ground_truth === prediction) get(prediction).truePositives += count;
  }
  return [...classes].sort(([left], [right]) => compareCodePoints(left, right));
}

function scoreClass(counts: ClassCounts): Record<(typeof scoreNames)[number], NumberOrReason> {
  return {
    precision: divide(counts.truePositives, counts.predictions),
    recall: divide(counts.truePositives, counts.truths),
    f1_score: divide(2 * counts.truePositives, counts.truths + counts.predictions),
  };
}

/** Plain mean over the classes whose value is not null. */
function meanOf(values: readonly NumberOrReason[]): NumberOrReason {
  const sum = new NeumaierSum();
  let count = 0;
  for (const value of values) {
    if (typeof value !== 'number') continue;
    sum.add(value);
    count += 1;
  }
  return count === 0 ? zeroDenominator : sum.value / count;
}
