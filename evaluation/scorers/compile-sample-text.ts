import type { Sample } from '../sample.ts';
import { compileTemplate } from '../template/compile-template.ts';

/**
 * A field of a scorer that may look at the sample alone, such as `ground_truth`.
 *
 * @throws {EvaluationError} at once `template-syntax`; per sample `template-undefined`, `template-failed`.
 */
export function compileSampleText(source: string, scorerKey: string, field: string): (sample: Sample) => string {
  const template = compileTemplate(source, `scorers.${scorerKey}.${field}`);
  return ({ id, row }) => template.render({ sample: row }, id);
}

/** The same for a field that is a template or a list of them; one template gives a list of one text. */
export function compileSampleTexts(
  sources: string | readonly string[],
  scorerKey: string,
  field: string,
): (sample: Sample) => string[] {
  const texts = (typeof sources === 'string' ? [sources] : sources).map((source, index) =>
    compileSampleText(source, scorerKey, typeof sources === 'string' ? field : `${field}[${index}]`),
  );
  return (sample) => texts.map((render) => render(sample));
}
