import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../contracts/json.ts';
import { toCanonicalJson } from '../../../evaluation/fingerprint/canonical-json.ts';
import { type Classification, fieldTable } from '../../../evaluation/fingerprint/field-table.ts';
import { secretReferenceSchema } from '../../../evaluation/spec/common.ts';
import { runFileSchema } from '../../../evaluation/spec/run-file.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import {
  type ArbitraryOptions,
  arbitraryChange,
  arbitraryFor,
  findOnlyValue,
  getAt,
  isOptional,
  listPlaces,
  marksOf,
  type Schema,
  setAt,
  unwrap,
} from '../../support/zod-arbitrary.ts';
import { cloneHost, hostFiles, hostRun } from './support/host-run.ts';
import { type FieldCase, listFieldCases, placements, sectionOf } from './support/placements.ts';
import { type PlannedRun, planIfValid } from './support/plan-run.ts';

/** Changes that are tried for each field; more where a value has parts, each of which has to count. */
const runsPerField = { plain: 4, composite: 12 };
/** Tries that may be refused, or come to nothing, for each one that counts; filters that matter are rare. */
const triesPerRun = 1_000;

vi.setConfig({ testTimeout: 120_000 });

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
  for (const [name, content] of Object.entries(hostFiles)) {
    await mkdir(path.dirname(path.join(folder.path, name)), { recursive: true });
    await writeFile(path.join(folder.path, name), content);
  }
});
afterAll(() => folder[Symbol.asyncDispose]());

const plan = (run: JsonValue) => planIfValid(run, { workingDirectory: folder.path });

const secretText = fc.constantFrom('<< secrets.FIRST >>', '<< secrets.SECOND >>');
const text = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('one', 'two', '1', '2') },
  fc.stringMatching(/^[A-Z][a-z]{1,5}( [a-z]{1,4})?$/, { size: 'max' }),
);
const declaredKeys = (section: (typeof sectionOf)[keyof typeof sectionOf]) => hostRun[section].map(({ key }) => key);

const options: ArbitraryOptions = {
  text,
  name: fc.constantFrom('Alpha', 'Beta', 'Spare', 'X-Extra'),
  forPlace(schema, marks) {
    if (marks.referenceTo !== undefined) return fc.constantFrom(...declaredKeys(sectionOf[marks.referenceTo]));
    if (marks.dataPath === true)
      return fc.constantFrom(...Object.keys(hostFiles).filter((name) => name.startsWith('data.')));
    if (marks.credential === true) return secretText;
    if (schema === secretReferenceSchema)
      return fc.oneof(secretText, fc.constantFrom('$FIRST_VARIABLE', '$THIRD_VARIABLE'));
    if (marks.valueTemplate === true)
      return fc.constantFrom('{{ sample.Alpha }}', '{{ sample.Beta }}', '{{ sample["Spare"] }}');
    if (marks.template === true)
      return fc.oneof(
        text,
        text.map((words) => `${words}: {{ sample.Alpha }}`),
      );
    return undefined;
  },
};

describe('the table of fields', () => {
  test('covers every schema that is found by walking the run config', () => {
    const known = new Set(Object.values(placements).map(({ schema }) => unwrap(schema)));
    for (const { title, classification, schema } of cases) {
      if (classification !== 'inside') continue;
      const element = elementOf(unwrap(schema));
      const holdsOnlyReferences =
        element instanceof z.ZodObject && Object.values(element.shape).every((field) => marksOf(field).referenceTo);
      expect(known.has(element) || holdsOnlyReferences, `${title} is "inside", and what it holds has no entry`).toBe(
        true,
      );
    }
  });

  test('says "not built yet" only of fields that the schemas refuse', () => {
    for (const { title, classification, schema } of cases) {
      if (typeof classification !== 'object' || !classification.excluded.startsWith('not built yet')) continue;
      expect(marksOf(schema).notBuiltYet, title).toBeDefined();
    }
  });

  test('gives a reason for everything that does not count', () => {
    for (const { title, classification } of cases) {
      if (typeof classification === 'object') expect(classification.excluded.length, title).toBeGreaterThan(5);
    }
  });
});

const cases = listFieldCases();
const built = cases.filter(({ schema, classification }) => {
  if (marksOf(schema).notBuiltYet !== undefined) return false;
  return classification !== 'inside' || findMarked(schema, 'referenceTo');
});

describe.each(built.map((field) => [field.title, field] as const))('%s', (_, field) => {
  const { schema, classification } = field;
  const only = findOnlyValue(schema);
  const isPath = findMarked(schema, 'dataPath');
  const isReference = findMarked(schema, 'referenceTo');
  if (only !== undefined) {
    test(`${describeExpected(classification)}, having only one value`, () => checkOnlyValue(field, only));
    return;
  }
  if (field.field === 'key' && field.placement.kind !== undefined) {
    test(`${describeExpected(classification)} when renamed everywhere`, () => checkRename(field));
    return;
  }
  if (isReference)
    test('changes no key when it names an equal thing, but for a name that counts', () => checkTwin(field));
  if (isPath) {
    test('changes no key when the same bytes lie elsewhere', () => checkFile(field, 'twin'));
    test('changes the right key when the file says something else', () => checkFile(field, 'different'));
  }
  if (findMarked(schema, 'credential') || holdsSecrets(schema)) {
    test('changes no key when the value of its secret lies in another variable', () => checkVariable(field));
  }
  const isNameOfContent = typeof classification === 'object' && (isPath || isReference);
  if (!isNameOfContent && classification !== 'inside') {
    test(describeExpected(classification), () => checkChanges(field));
  }
});

function describeExpected(classification: Classification): string {
  if (typeof classification === 'object') return `changes no key (${classification.excluded})`;
  switch (classification) {
    case 'solver':
    case 'dataset':
    case 'inside':
      return 'changes the solver key';
    case 'scoring':
      return 'changes only the result key';
    case 'model':
      return 'changes the key of the part that asks the model';
  }
}

/** Any other value: exactly the keys change that the table says, and none where the value means the same. */
async function checkChanges(field: FieldCase): Promise<void> {
  const bases = fc.oneof({ weight: 3, arbitrary: arbitraryBase(field, field.field) }, arbitraryBase(field));
  const changes = bases.chain((base) => {
    const value = getAt(base, [...field.path, field.field]);
    const changed: fc.Arbitrary<JsonValue | undefined> =
      value === undefined ? arbitraryFor(field.schema, options) : arbitraryChange(field.schema, value, options);
    const orAbsent =
      value !== undefined && isOptional(field.schema)
        ? fc.oneof({ weight: 4, arbitrary: changed }, fc.constant(undefined))
        : changed;
    return orAbsent.map((other) => [base, setAt(base, [...field.path, field.field], other)] as const);
  });
  const numRuns = isComposite(field.schema) ? runsPerField.composite : runsPerField.plain;
  await assertLaw(changes, numRuns, async ([base, changed]) => {
    const before = await plan(base);
    const after = before === undefined ? undefined : await plan(changed);
    if (before === undefined || after === undefined) return false;
    const isOther = isDifferent(field, [base, before], [changed, after]);
    expectKeys(before, after, isOther ? field.classification : sameMeaning, field.role);
    return isOther;
  });
}

/** What can have no other value is there, or is not, in the fingerprint itself. */
async function checkOnlyValue(field: FieldCase, only: JsonValue): Promise<void> {
  const { classification, role } = field;
  await assertLaw(arbitraryBase(field), runsPerField.plain, async (base) => {
    const run = await plan(setAt(base, [...field.path, field.field], only));
    if (run === undefined) return false;
    const { solver_fingerprint: solver, result_fingerprint: result } = run.task;
    const expected = expectedChange(classification, role);
    if (expected.solver) expect(holds(solver, only)).toBe(true);
    else if (expected.result) expect(holds(result, only)).toBe(true);
    else expect(holds([solver, result], only)).toBe(false);
    return true;
  });
}

async function checkRename(field: FieldCase): Promise<void> {
  const { kind } = field.placement;
  const renamings = fc.tuple(arbitraryBase(field), arbitraryFor(field.schema, options));
  await assertLaw(renamings, runsPerField.plain, async ([base, key]) => {
    const old = getAt(base, [...field.path, field.field]);
    const renamed = listPlaces(runFileSchema, base)
      .filter(({ schema, value }) => marksOf(schema).referenceTo === kind && value === old)
      .reduce((run, { path: place }) => setAt(run, place, key), setAt(base, [...field.path, field.field], key));
    const before = await plan(base);
    const after = await plan(renamed);
    if (before === undefined || after === undefined || key === old) return false;
    expectKeys(before, after, field.classification, field.role);
    return true;
  });
}

/** Points a reference to an equal thing with another key; what then counts is whether that key does. */
async function checkTwin(field: FieldCase): Promise<void> {
  await assertLaw(arbitraryBase(field), runsPerField.plain, async (base) => {
    const [reference] = placesOf(base, field).filter(({ schema }) => marksOf(schema).referenceTo !== undefined);
    const kind = reference === undefined ? undefined : marksOf(reference.schema).referenceTo;
    if (reference === undefined || kind === undefined) return false;
    const declared = getAt(base, [sectionOf[kind]]) as readonly JsonObject[];
    const original = declared.find(({ key }) => key === reference.value);
    if (original === undefined) return false;
    const withTwin = setAt(base, [sectionOf[kind]], [...declared, { ...original, key: 'twin' }]);
    const before = await plan(base);
    const after = await plan(setAt(withTwin, reference.path, 'twin'));
    if (before === undefined || after === undefined) return false;
    expectKeys(before, after, fieldTable[kind].key, field.role);
    return true;
  });
}

async function checkFile(field: FieldCase, other: 'twin' | 'different'): Promise<void> {
  const { contentPart } = field.placement;
  if (contentPart === undefined) throw new Error('Nobody said where the content of this file counts.');
  await assertLaw(arbitraryBase(field), runsPerField.plain, async (base) => {
    const [file] = placesOf(base, field).filter(({ schema }) => marksOf(schema).dataPath === true);
    if (typeof file?.value !== 'string') return false;
    const before = await plan(base);
    const after =
      before === undefined ? undefined : await plan(setAt(base, file.path, file.value.replace(/^data/, other)));
    if (before === undefined || after === undefined) return false;
    // Filters may leave the same rows of both.
    if (contentPart === 'dataset' && other === 'different' && before.rows === after.rows) return false;
    expectKeys(before, after, other === 'twin' ? sameMeaning : contentPart, field.role);
    return true;
  });
}

/** Wherever a secret is named, the variable that holds its value does not count. */
async function checkVariable(field: FieldCase): Promise<void> {
  const move = (run: JsonValue): JsonValue =>
    listPlaces(runFileSchema, run)
      .filter(({ schema, value }) => schema === secretReferenceSchema && value === '$FIRST_VARIABLE')
      .reduce((moved, { path: place }) => setAt(moved, place, '$MOVED_VARIABLE'), run);
  await assertLaw(arbitraryBase(field), runsPerField.plain, async (base) => {
    const value = getAt(base, [...field.path, field.field]);
    if (value === undefined || !/FIRST/.test(JSON.stringify(value))) return false;
    const before = await plan(base);
    const after = before === undefined ? undefined : await plan(move(base));
    if (before === undefined || after === undefined) return false;
    expectKeys(before, after, sameMeaning, field.role);
    return true;
  });
}

const sameMeaning = { excluded: 'it means the same' } as const;

/** Runs until enough tries counted; a field for which none does fails the test. */
async function assertLaw<T>(
  arbitrary: fc.Arbitrary<T>,
  numRuns: number,
  law: (value: T) => Promise<boolean>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (value) => fc.pre(await law(value))),
    { numRuns, maxSkipsPerRun: triesPerRun },
  );
}

/** The host with any object in the place of the field's: names that others use, and what is classified elsewhere, stay. */
function arbitraryBase(
  { placement, fields, shape, path: place }: FieldCase,
  required?: string,
): fc.Arbitrary<JsonValue> {
  const host = cloneHost();
  const present = (getAt(host, place) ?? {}) as JsonObject;
  const values: Record<string, fc.Arbitrary<JsonValue>> = {};
  const requiredKeys: string[] = [];
  for (const [field, schema] of Object.entries(shape)) {
    if (marksOf(schema).notBuiltYet !== undefined) continue;
    const stays =
      present[field] !== undefined && (fields[field] === 'inside' || (field === 'key' && placement.kind !== undefined));
    const value = present[field];
    if (value === undefined || !z.safeParse(schema, value).success) values[field] = arbitraryFor(schema, options);
    else values[field] = stays ? fc.constant(value) : fc.oneof(fc.constant(value), arbitraryFor(schema, options));
    if (stays || !isOptional(schema) || field === required) requiredKeys.push(field);
    // A section that the host does not have would need everything that its own entry says.
    else if (fields[field] === 'inside') delete values[field];
  }
  return fc.record(values, { requiredKeys }).map((object) => setAt(host, place, { ...(object as JsonObject) }));
}

/** Whether a field means something else: rows for what makes rows, else the value with its defaults filled in. */
function isDifferent(
  field: FieldCase,
  before: readonly [JsonValue, PlannedRun],
  after: readonly [JsonValue, PlannedRun],
): boolean {
  if (field.classification === 'dataset') return before[1].rows !== after[1].rows;
  const [old, present] = [before, after].map(([run, planned]) =>
    toCanonicalJson([findMeaning(field, run, planned) ?? null]),
  );
  return old !== present;
}

function findMeaning(field: FieldCase, run: JsonValue, planned: PlannedRun): unknown {
  const written = getAt(run, [...field.path, field.field]);
  if (typeof field.classification === 'object') return written;
  if (field.placement.findExecuted !== undefined) return field.placement.findExecuted(planned, field.field);
  const parsed = z.safeParse(field.schema, toSchemaForm(written, field.schema));
  if (!parsed.success) throw new Error(`The plan took what the schema does not: ${JSON.stringify(written)}.`);
  return parsed.data;
}

/** Secrets as the reader hands them to the schemas, without the variables that hold their values: those never count. */
function toSchemaForm(value: JsonValue | undefined, schema: Schema): unknown {
  if (typeof value === 'string') {
    const [, secret] = /^<< secrets\.(\w+) >>$/.exec(value) ?? [];
    if (secret !== undefined) return { secret, variable: 'any' };
    return schema === secretReferenceSchema ? { secret: 'declared', variable: 'any' } : value;
  }
  const inner = unwrap(schema);
  const below = inner instanceof z.ZodRecord ? inner.valueType : schema;
  if (Array.isArray(value)) return value.map((child: JsonValue) => toSchemaForm(child, below));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toSchemaForm(child, below)]));
}

function expectKeys(before: PlannedRun, after: PlannedRun, classification: Classification, role: string): void {
  const changed = {
    solver: before.task.solver_key !== after.task.solver_key,
    result: before.task.result_key !== after.task.result_key,
  };
  expect(changed).toEqual(expectedChange(classification, role));
}

function expectedChange(classification: Classification, role: string): { solver: boolean; result: boolean } {
  if (typeof classification === 'object') return { solver: false, result: false };
  const isScoring = classification === 'scoring' || (classification === 'model' && role === 'judge');
  return { solver: !isScoring, result: true };
}

function placesOf(run: JsonValue, { path: place, field, schema }: FieldCase) {
  const value = getAt(run, [...place, field]);
  return value === undefined ? [] : listPlaces(schema, value, [...place, field]);
}

/** Whether something with a mark can occur in a field; not looked for in what other entries of the table classify. */
function findMarked(schema: Schema, mark: 'referenceTo' | 'dataPath' | 'credential'): boolean {
  if (marksOf(schema)[mark] !== undefined) return true;
  const element = elementOf(unwrap(schema));
  if (Object.values(placements).some((placement) => unwrap(placement.schema) === element)) return false;
  if (element instanceof z.ZodObject) return Object.values(element.shape).some((field) => findMarked(field, mark));
  if (element instanceof z.ZodUnion) return element.options.some((option) => findMarked(option, mark));
  return element instanceof z.ZodRecord && findMarked(element.valueType, mark);
}

function isComposite(schema: Schema): boolean {
  const inner = unwrap(schema);
  return (
    inner instanceof z.ZodObject ||
    inner instanceof z.ZodArray ||
    inner instanceof z.ZodRecord ||
    inner instanceof z.ZodUnion
  );
}

function holdsSecrets(schema: Schema): boolean {
  const inner = unwrap(schema);
  if (inner === secretReferenceSchema) return true;
  if (inner instanceof z.ZodRecord) return holdsSecrets(inner.valueType);
  if (inner instanceof z.ZodUnion) return inner.options.some(holdsSecrets);
  return inner instanceof z.ZodObject && Object.values(inner.shape).some(holdsSecrets);
}

function elementOf(schema: Schema): Schema {
  return schema instanceof z.ZodArray ? elementOf(unwrap(schema.element)) : schema;
}

function holds(fingerprint: JsonValue | undefined, value: JsonValue): boolean {
  if (fingerprint === value) return true;
  return (
    typeof fingerprint === 'object' &&
    fingerprint !== null &&
    Object.values(fingerprint).some((child) => holds(child, value))
  );
}
