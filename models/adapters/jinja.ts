import type { ModelAdapter } from '../../evaluation/spec/models.ts';
import { compileTemplate } from '../../evaluation/template/compile-template.ts';
import type { Adapter, AdapterContext } from './adapter.ts';
import { readJsonOutput } from './read-json-output.ts';

/**
 * An adapter that the user wrote as two templates.
 *
 * @throws {EvaluationError} `template-syntax`.
 */
export function createJinjaAdapter(declared: ModelAdapter): Adapter {
  const request = compileTemplate(declared.process_input.source_code, `model_adapters.${declared.key}.process_input`);
  const response = compileTemplate(
    declared.process_output.source_code,
    `model_adapters.${declared.key}.process_output`,
  );
  return {
    readsAnything: true,
    renderRequest: (input, context) =>
      request.render(
        { input, model_input: input, model_info: describeModel(context), kwargs: context.parameters },
        context.sampleId,
      ),
    readResponse: ({ status, body }, context) =>
      readJsonOutput(
        response.render({ body, status_code: status, model_info: describeModel(context) }, context.sampleId),
      ),
  };
}

function describeModel(context: AdapterContext) {
  return { model_key: context.modelKey, modality: 'text', task: context.task };
}
