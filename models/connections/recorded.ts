import { setTimeout as sleepFor } from 'node:timers/promises';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { parseRecording, type RecordedLine } from '../../evaluation/recording.ts';
import { findFailure } from '../http/find-failure.ts';
import type { ModelConnection, ModelResponse } from '../model-connection.ts';
import { readEvidence } from '../read-evidence.ts';
import { SendError } from '../send-error.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createRecordingIndex, type RecordingIndex } from './recording-index.ts';

/** Answers from a file (format 17.2). */
export function createRecorded(context: ConnectionContext): ModelConnection {
  const { planned } = context;
  let loading: Promise<RecordingIndex> | undefined;
  const load = async () => {
    if (planned.recording === undefined)
      throw new EvaluationError('internal', 'The plan has no recording for this model.');
    const bytes = await context.content.get(planned.recording.digest);
    return createRecordingIndex(parseRecording(new TextDecoder().decode(bytes)));
  };
  return {
    async send(request, { signal }) {
      loading ??= load();
      const line = (await loading).find(request);
      if (line === undefined) {
        throw new SendError(
          'rejected',
          `The recording of model "${planned.model.key}" has no line for sample "${request.sample.id}", call ${request.call}.`,
          {
            code: 'recording-missing',
            hint: 'Add a line whose conditions hold, or one without conditions as a fallback.',
            isRetryable: false,
          },
        );
      }
      if (line.delay_ms !== undefined && line.delay_ms > 0) await delay(line.delay_ms, signal);
      return answer(line, context);
    },
    close: async () => {},
  };
}

async function delay(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleepFor(durationMs, undefined, { signal });
  } catch {
    throw new SendError('time-out', "The recording did not answer within the request's time-out.", {
      isRetryable: true,
    });
  }
}

function answer(line: RecordedLine, context: ConnectionContext): ModelResponse {
  const usage = line.usage;
  if (line.error !== undefined) throw toFailure(line.error, context);
  if (line.output !== undefined)
    return { output: line.output, evidence: readEvidence(usage && { usage }, line.output) };
  const output = {
    choices: [{ message: { role: 'assistant', content: line.content ?? '' }, finish_reason: 'stop' }],
    ...(usage === undefined ? {} : { usage }),
  };
  return { output, evidence: readEvidence(output, output) };
}

function toFailure(error: NonNullable<RecordedLine['error']>, context: ConnectionContext): SendError {
  const response = { status: error.status, headers: {}, body: JSON.stringify({ error: { message: error.message } }) };
  const failure = findFailure(response, {
    address: 'The recording',
    clean: context.secrets.clean,
    now: context.clock.now(),
    isJsonProtocol: true,
  });
  // A status that says success cannot be an error of the service; the line still asks for one.
  return (
    failure ??
    new SendError('rejected', `The recording answered with an error: ${error.message}`, { isRetryable: false })
  );
}
