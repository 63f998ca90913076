import type { JsonValue } from '../../contracts/json.ts';
import type { Trace, TraceItem } from '../trace.ts';

/**
 * The trace as it counts in a result digest: ids that a service makes up anew for every answer are numbered in order of
 * appearance, so that a call and its output stay a pair; a status that says no more than `completed` is dropped.
 */
export function stripProviderIds(trace: Trace): Trace {
  const itemIds = createNumbering('item');
  const callIds = createNumbering('call');
  return { ...trace, items: trace.items.map(strip) };

  function strip({ id, call_id, status, ...rest }: TraceItem): TraceItem {
    return {
      ...(rest as TraceItem),
      ...(isId(id) ? { id: itemIds(id) } : {}),
      ...(isId(call_id) ? { call_id: callIds(call_id) } : {}),
      ...(status === undefined || status === 'completed' ? {} : { status }),
    };
  }
}

/** `""` is the id of items that Stet made, and says as much as none. */
function isId(id: JsonValue | undefined): id is string {
  return typeof id === 'string' && id !== '';
}

function createNumbering(prefix: string): (id: string) => string {
  const numbered = new Map<string, string>();
  return (id) => {
    const known = numbered.get(id) ?? `${prefix}_${numbered.size}`;
    numbered.set(id, known);
    return known;
  };
}
