// Where the interface lies on its site: at the root, or under the path at which a proxy serves it.

/** "" at the root, or a path such as "/moments": found by where this file came from. */
export const BASE = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** The address on this site of a path of Moments, such as "/library". The paths that `api.js` takes need none. */
export function onSite(path) {
  return BASE + path;
}

/** The path of Moments that a path of this site stands for, or null for one that is somebody else's. */
export function within(path) {
  if (path === BASE) return "/";
  return path.startsWith(`${BASE}/`) ? path.slice(BASE.length) : null;
}
