import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The chromium of this machine, without a window. CHROMIUM_BIN names another one. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_BIN'] ?? places.find((place) => existsSync(place));
  if (executablePath === undefined) {
    throw new Error('This test needs chromium: install it (Debian: `apt-get install chromium`), or set CHROMIUM_BIN.');
  }
  // Chromium refuses its sandbox to root, as which containers of CI run; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
