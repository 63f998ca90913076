import { PostgresDatabase } from '../../storage/postgres/postgres-database.ts';
import type { Work } from '../../storage/sql/work.ts';
import { SqliteDatabase } from '../../storage/sqlite/sqlite-database.ts';

/** What reads of the database have asked since it was last taken: a statement each, which is a round trip of PostgreSQL. */
export interface StatementCount {
  take(): readonly string[];
  stop(): void;
}

export function countStatements(): StatementCount {
  let statements: string[] = [];
  const restore = [SqliteDatabase.prototype, PostgresDatabase.prototype].map((prototype) => {
    const snapshot = prototype.snapshot;
    prototype.snapshot = function <T>(this: SqliteDatabase & PostgresDatabase, work: () => Work<T>): Promise<T> {
      return snapshot.call(this, () => watch(work(), (table) => statements.push(table))) as Promise<T>;
    };
    return () => {
      prototype.snapshot = snapshot;
    };
  });
  return {
    take() {
      const taken = statements;
      statements = [];
      return taken;
    },
    stop() {
      for (const undo of restore) undo();
    },
  };
}

function* watch<T>(work: Work<T>, onStatement: (description: string) => void): Work<T> {
  let step = work.next();
  while (step.done !== true) {
    const outcome = yield step.value;
    onStatement(`${describe(step.value.query)}: ${outcome.rows.length} rows`);
    step = work.next(outcome);
  }
  return step.value;
}

/** The tables that a query reads. */
function describe(query: { toOperationNode(): unknown }): string {
  const text = JSON.stringify(query.toOperationNode());
  const tables = [...text.matchAll(/"identifier":\{"kind":"IdentifierNode","name":"([a-z_]+)"\}\}\}/g)];
  const names = [...new Set(tables.map(([, name]) => name))];
  return names.length === 0 ? 'a query in SQL' : names.join(', ');
}
