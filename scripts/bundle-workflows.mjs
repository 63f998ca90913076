// Bundles the compiled workflows for the Temporal sandbox, so that no command needs webpack at its start and every one
// runs exactly the code that the tests replayed. Work is skipped while its inputs are unchanged.
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

// another folder in tests
const repository = process.argv[2] ?? fileURLToPath(new URL('../', import.meta.url));
const entry = join(repository, 'dist', 'workflows', 'index.js');
const bundlePath = join(repository, 'dist', 'workflow-bundle.js');
const stampPath = join(repository, 'dist', 'workflow-bundle.json');
const inputFolders = ['dist/workflows', 'dist/contracts'];
// what else decides about the bundle: the SDK inside it, and this script
const inputFiles = ['package-lock.json', 'scripts/bundle-workflows.mjs'];

const hash = (/** @type {string | Buffer} */ content) => createHash('sha256').update(content).digest('hex');

function listScripts(/** @type {string} */ folder) {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.js'))
    .map((file) => relative(repository, join(file.parentPath, file.name)));
}

function digestInputs() {
  const files = [...inputFolders.flatMap(listScripts), ...inputFiles].filter((file) =>
    existsSync(join(repository, file)),
  );
  return hash(
    files
      .sort()
      .map((file) => `${file} ${hash(readFileSync(join(repository, file)))}\n`)
      .join(''),
  );
}

/** Whether the bundle is the one that was made of these inputs. */
function isUpToDate(/** @type {string} */ inputs) {
  if (!existsSync(bundlePath) || !existsSync(stampPath)) return false;
  const stamp = JSON.parse(readFileSync(stampPath, 'utf8'));
  return stamp.inputs === inputs && stamp.bundle === hash(readFileSync(bundlePath));
}

/** Names of the workflows in a bundle; an empty one would fail no earlier than at the first run. */
function listWorkflows(/** @type {string} */ code) {
  const scope = createContext({ console, URL, URLSearchParams, TextEncoder, TextDecoder, AbortController });
  runInContext(
    'globalThis.__webpack_module_cache__ = {}; globalThis.exports = {}; globalThis.module = { exports };',
    scope,
  );
  runInContext(code, scope);
  const workflows = runInContext('__TEMPORAL__.importWorkflows()', scope);
  return Object.keys(workflows).filter((name) => typeof workflows[name] === 'function');
}

/** The bundle with a source map that names files from the package's folder, and not this machine's path to it. */
function withRelativeSources(/** @type {string} */ code) {
  const marker = ';base64,';
  const start = code.lastIndexOf(marker) + marker.length;
  const map = Buffer.from(code.slice(start), 'base64').toString('utf8');
  const folder = `${realpathSync(repository).replace(/[\\/]$/, '')}/`;
  return code.slice(0, start) + Buffer.from(map.replaceAll(folder, '')).toString('base64');
}

function replaceFile(/** @type {string} */ path, /** @type {string} */ content) {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

if (!existsSync(entry)) {
  console.error(`There is no ${relative(repository, entry)} to bundle: run \`tsc --build\` first.`);
  process.exit(1);
}
const inputs = digestInputs();
if (!isUpToDate(inputs)) {
  rmSync(bundlePath, { force: true }); // better none than an outdated one, should the rest fail
  const { bundleWorkflowCode } = await import('@temporalio/worker'); // only now: loading it takes longer than all the rest
  const problems = [];
  const note = (/** @type {string} */ message) => void problems.push(message);
  const logger = { trace() {}, debug() {}, info() {}, warn: note, error: note, log() {} };
  let code = '';
  try {
    code = withRelativeSources((await bundleWorkflowCode({ workflowsPath: entry, logger })).code);
  } catch (error) {
    // the error itself is generic; what is wrong was only logged
    console.error(
      [
        `The workflows could not be bundled: ${error instanceof Error ? error.message : String(error)}`,
        ...problems,
      ].join('\n'),
    );
    process.exit(1);
  }
  const names = listWorkflows(code);
  if (names.length === 0) {
    console.error('The bundle exports no workflow.');
    process.exit(1);
  }
  replaceFile(bundlePath, code);
  replaceFile(stampPath, `${JSON.stringify({ inputs, bundle: hash(code), workflows: names }, undefined, 2)}\n`);
  console.log(`Bundled ${names.join(', ')}: ${Math.round(statSync(bundlePath).size / 1024)} KiB.`);
}
