/** `<base>/<path>`, whatever slashes the base ends with; its query stays. */
export function appendPath(base: string, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}

/** The address as messages may show it: without query and user-info, where keys tend to be. */
export function showAddress(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
