import type { Connection } from '@temporalio/client';
import Long from 'long';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';

export const embeddedNamespace = 'default';

/** Closed workflows are kept that long for people to look at; nothing here relies on them. */
const retentionSeconds = 30 * 86_400;

/** Temporal's numbers of the types. */
const indexedValueTypes = { KEYWORD: 2, INT: 3 } as const;

/**
 * Sets namespace and search attributes up as Stet needs them; doing it again changes nothing. Over the API, because the
 * server's own options for it have no effect on an existing database.
 *
 * @throws {EvaluationError} `temporal-failed` when a search attribute exists with another type.
 */
export async function configureServer(connection: Connection): Promise<void> {
  await setRetention(connection);
  await registerSearchAttributes(connection);
}

async function setRetention({ workflowService }: Connection): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace: embeddedNamespace });
  if (config?.workflowExecutionRetentionTtl?.seconds?.toNumber() === retentionSeconds) return;
  await workflowService.updateNamespace({
    namespace: embeddedNamespace,
    config: { workflowExecutionRetentionTtl: { seconds: Long.fromNumber(retentionSeconds) } },
  });
}

async function registerSearchAttributes({ operatorService }: Connection): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: embeddedNamespace });
  const missing: Record<string, number> = {};
  for (const [name, type] of Object.entries(searchAttributes)) {
    const wanted = indexedValueTypes[type];
    const present = customAttributes[name];
    if (present === undefined) missing[name] = wanted;
    else if (present !== wanted) {
      throw new EvaluationError(
        'temporal-failed',
        `The search attribute ${name} of the embedded server has another type than ${type.toLowerCase()}.`,
        {
          hint: `Remove it with \`temporal operator search-attribute remove --name ${name}\`.`,
        },
      );
    }
  }
  if (Object.keys(missing).length === 0) return;
  await operatorService.addSearchAttributes({ namespace: embeddedNamespace, searchAttributes: missing });
}
