import type { ColumnCodec } from '../encryption/column-codec.ts';
import type { Statement, Work } from './work.ts';

/** Asked for by work, and answered before it reaches a driver. */
export const columnsRequest: Statement = {
  query: {
    toOperationNode() {
      throw new Error('work that needs the columns was given to a database without encryption');
    },
  },
  wants: 'rows',
};

/** What seals and opens the columns with content of this store; for whoever maps their rows. */
export function* useColumns(): Work<ColumnCodec> {
  const { rows } = yield columnsRequest;
  return rows[0] as ColumnCodec;
}
