import type { JsonObject } from '../../contracts/json.ts';
import type { RowManifest } from '../../evaluation/plan.ts';
import { findColumnId, idColumn } from './sample-id.ts';
import { createTextSet } from './text-set.ts';

/** Finds out, over all rows before filters, whether the column `sample_id` serves as ids (format 13.3). */
export interface IdSurvey {
  /** The row's text form as long as the column serves; undefined for ever after the first row where it does not. */
  visit(position: number, row: JsonObject): string | undefined;
  finish(): { readonly idSource: RowManifest['idSource']; readonly warnings: readonly string[] };
}

export function createIdSurvey(): IdSurvey {
  const ids = createTextSet();
  let isColumnThere = false;
  let flaw: string | undefined;

  return {
    visit(position, row) {
      const isHere = Object.hasOwn(row, idColumn);
      isColumnThere ||= isHere;
      if (flaw !== undefined) return undefined;
      const id = findColumnId(row);
      if (id === undefined) {
        flaw = `row ${position} ${isHere ? 'holds neither text nor an integer there' : 'has none'}`;
        return undefined;
      }
      if (!ids.add(id)) {
        flaw = `${JSON.stringify(id.slice(0, 60))} occurs again in row ${position}`;
        return undefined;
      }
      return id;
    },
    finish() {
      if (flaw === undefined) return { idSource: 'column', warnings: [] };
      if (!isColumnThere) return { idSource: 'position', warnings: [] };
      const warning = `the column "${idColumn}" cannot serve as sample ids: ${flaw}. Row numbers from 0 serve instead.`;
      return { idSource: 'position', warnings: [warning] };
    },
  };
}
