// Marks the command of package.json as executable. tsc writes plain files; npm marks what it links, but only when it makes
// the link: `npx stet` in a checkout built anew found its old link, and a file that could not be run.

import { chmodSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

for (const path of Object.values(bin)) chmodSync(new URL(path, root), 0o755);
