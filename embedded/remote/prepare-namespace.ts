import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, isGrpcServiceError } from '@temporalio/client';
import Long from 'long';
import { EvaluationError } from '../../contracts/evaluation-error.ts';
import type { TemporalAddress } from '../../workers/connect-temporal.ts';

type Place = Pick<TemporalAddress, 'address' | 'namespace'>;

const retentionDays = 30;
/** A new namespace is known to every part of a cluster after about ten seconds. */
const newNamespacePatienceMs = 30_000;
const lookEveryMs = 250;

/** Numbers of gRPC's status codes, and of Temporal's types of search attributes. */
const codes = { notFound: 5, alreadyExists: 6, permissionDenied: 7, unimplemented: 12, unauthenticated: 16 } as const;
const indexedValueTypes = { KEYWORD: 2, INT: 3 } as const;
const typeNames = { KEYWORD: 'Keyword', INT: 'Int' } as const;

export type SearchAttributeTypes = Readonly<Record<string, keyof typeof indexedValueTypes>>;

/**
 * Makes sure that the namespace is there, and makes it where that is permitted.
 *
 * @returns Temporal's own id of it: another one means another database.
 * @throws {EvaluationError} `temporal-failed` with the command that makes it.
 */
export async function ensureNamespace(connection: Connection, place: Place): Promise<string> {
  const found = await describeNamespace(connection, place);
  if (found !== undefined) return found;
  try {
    await connection.workflowService.registerNamespace({
      namespace: place.namespace,
      description: 'Evaluations of Stet.',
      workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(retentionDays * 86_400) },
    });
  } catch (error) {
    if (!hasCode(error, codes.alreadyExists)) throw makeNamespaceError(place, error);
  }
  const deadlineMs = performance.now() + newNamespacePatienceMs;
  for (;;) {
    const made = await describeNamespace(connection, place);
    if (made !== undefined && (await isServed(connection, place))) return made;
    if (performance.now() > deadlineMs) throw makeNamespaceError(place, undefined);
    await sleep(lookEveryMs);
  }
}

/**
 * Makes sure that Temporal knows the search attributes, and registers those that are missing where that is permitted.
 *
 * @throws {EvaluationError} `temporal-failed` with the command that registers them, or where one has another type.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  place: Place,
  wanted: SearchAttributeTypes,
): Promise<void> {
  const present = await listSearchAttributes(connection, place);
  if (present === undefined) return; // not to be seen from here; a start says what is missing
  const missing = Object.entries(wanted).filter(([name]) => !(name in present));
  for (const [name, type] of Object.entries(wanted)) {
    if (present[name] === undefined || present[name] === indexedValueTypes[type]) continue;
    throw new EvaluationError(
      'temporal-failed',
      `The search attribute ${name} of the namespace ${place.namespace} has another type than ${typeNames[type]}.`,
      {
        hint: `Somebody else uses the name. Use another namespace, or remove it with: temporal operator search-attribute remove ${nameOf(place)} --name ${name}`,
      },
    );
  }
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace: place.namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedValueTypes[type]])),
    });
  } catch (error) {
    const names = missing.map(([name, type]) => `--name ${name} --type ${typeNames[type]}`).join(' ');
    throw new EvaluationError(
      'temporal-failed',
      `The namespace ${place.namespace} lacks search attributes, and they could not be registered: ${describe(error)}.`,
      { hint: `Have this run once: temporal operator search-attribute create ${nameOf(place)} ${names}`, cause: error },
    );
  }
}

/** Its id; undefined where there is none. */
async function describeNamespace(connection: Connection, place: Place): Promise<string | undefined> {
  try {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: place.namespace });
    return namespaceInfo?.id ?? '';
  } catch (error) {
    if (hasCode(error, codes.notFound)) return undefined;
    throw new EvaluationError(
      'temporal-failed',
      `Temporal at ${place.address} refuses the namespace ${place.namespace}: ${describe(error)}.`,
      {
        hint: 'Check TEMPORAL_NAMESPACE, and the API key or certificate; `stet doctor` shows where each comes from.',
        cause: error,
      },
    );
  }
}

/** Whether workflows can be started in it by now. */
async function isServed(connection: Connection, { namespace }: Place): Promise<boolean> {
  try {
    await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: 'stet' }, taskQueueType: 1 });
    return true;
  } catch (error) {
    if (hasCode(error, codes.notFound)) return false;
    throw error;
  }
}

async function listSearchAttributes(
  { operatorService }: Connection,
  { namespace }: Place,
): Promise<Readonly<Record<string, number | null | undefined>> | undefined> {
  try {
    return (await operatorService.listSearchAttributes({ namespace })).customAttributes;
  } catch (error) {
    if (hasCode(error, codes.permissionDenied, codes.unimplemented, codes.unauthenticated)) return undefined;
    throw error;
  }
}

function makeNamespaceError(place: Place, cause: unknown): EvaluationError {
  const reason = cause === undefined ? 'it was made, and does not come up' : describe(cause);
  return new EvaluationError(
    'temporal-failed',
    `Temporal at ${place.address} has no namespace ${place.namespace}, and it could not be made: ${reason}.`,
    {
      hint: `Have this run once: temporal operator namespace create ${nameOf(place)} --retention ${retentionDays}d`,
      cause,
    },
  );
}

/** The options of Temporal's own command that say where. */
function nameOf({ address, namespace }: Place): string {
  return `--address ${address} --namespace ${namespace}`;
}

function hasCode(error: unknown, ...wanted: readonly number[]): boolean {
  return isGrpcServiceError(error) && wanted.includes(Number(error.code));
}

function describe(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details.replace(/\.$/, '');
  return error instanceof Error ? error.message : String(error);
}
