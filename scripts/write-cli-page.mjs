// Writes docs/cli.md from what the commands say of themselves and scripts/cli-page.md; `npm run docs` builds before.

import { readFileSync, writeFileSync } from 'node:fs';
import { loadProgram } from '../dist/cli/make-program.js';
import { describeCommands } from '../dist/cli/reference/describe-commands.js';
import { renderCliPage } from '../dist/cli/reference/render-cli-page.js';

const page = renderCliPage(
  describeCommands(await loadProgram()),
  readFileSync(new URL('cli-page.md', import.meta.url), 'utf8'),
);
writeFileSync(new URL('../docs/cli.md', import.meta.url), page);
