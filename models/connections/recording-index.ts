import { isChatInput, type ModelInput } from '../../evaluation/model-io.ts';
import type { RecordedLine } from '../../evaluation/recording.ts';
import { isObject } from '../is-object.ts';
import type { ModelRequest } from '../model-connection.ts';

export interface RecordingIndex {
  /** The first line all of whose conditions hold. */
  find(request: ModelRequest): RecordedLine | undefined;
}

/** Looks lines up by their exact conditions, so that a recording of thousands of answers is not read for every query. */
export function createRecordingIndex(lines: readonly RecordedLine[]): RecordingIndex {
  const bySample = new Map<string, number[]>();
  const byLastUser = new Map<string, number[]>();
  const others: number[] = [];
  for (const [position, line] of lines.entries()) {
    if (line.last_user !== undefined) addTo(byLastUser, line.last_user, position);
    else if (line.sample_id !== undefined) addTo(bySample, line.sample_id, position);
    else others.push(position);
  }
  return {
    find(request) {
      const lastUser = findLastUserText(request.input);
      const candidates = [
        lastUser === undefined ? [] : (byLastUser.get(lastUser) ?? []),
        bySample.get(request.sample.id) ?? [],
        others,
      ];
      let best: number | undefined;
      for (const positions of candidates) {
        const found = positions.find((position) => holds(lines[position], request, lastUser));
        if (found !== undefined && (best === undefined || found < best)) best = found;
      }
      return best === undefined ? undefined : lines[best];
    },
  };
}

function addTo(index: Map<string, number[]>, key: string, position: number): void {
  const positions = index.get(key);
  if (positions === undefined) index.set(key, [position]);
  else positions.push(position);
}

function holds(line: RecordedLine | undefined, request: ModelRequest, lastUser: string | undefined): boolean {
  return (
    line !== undefined &&
    (line.sample_id === undefined || line.sample_id === request.sample.id) &&
    (line.trial === undefined || line.trial === request.trial) &&
    (line.call === undefined || line.call === request.call) &&
    (line.attempts === undefined || request.attempt < line.attempts) &&
    (line.last_user === undefined || line.last_user === lastUser) &&
    (line.last_user_includes === undefined || (lastUser?.includes(line.last_user_includes) ?? false))
  );
}

function findLastUserText(input: ModelInput): string | undefined {
  if (!isChatInput(input)) return undefined;
  const content = input.messages.findLast((message) => message.role === 'user')?.content;
  if (!Array.isArray(content)) return typeof content === 'string' ? content : undefined;
  return content
    .flatMap((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n');
}
