// Pages by address: the history API, with focus, title and scroll position looked after.

import { announce } from "./announce.js";
import { onSite, within } from "./base.js";

const routes = [];
let outlet = null;
let current = null;
let visit = 0;

/**
 * Says which `mount` shows the addresses of a pattern such as "/watch/:videoId".
 *
 * `mount(root, params, query)` fills `root`, an empty element, and returns (or promises) a function that
 * cleans up; or an object {unmount, update}, whose update(params, query) is called in place of a new
 * mount when only parameters or query change. `params` is {videoId}, `query` URLSearchParams.
 */
export function register(pattern, mount) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return "([^/]+)";
  });
  routes.push({ regex: new RegExp(`^${source}/?$`), names, mount });
}

/** Shows the page of the present address in `element`, and of every later one. */
export function start(element) {
  outlet = element;
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => show({ isBack: true }));
  document.addEventListener("click", followLink);
  return show({ isFirst: true });
}

/** Goes to an address of this site. `replace` puts it in the place of the present one. */
export function navigate(address, { replace = false } = {}) {
  rememberScroll();
  // Where a page was come from, for its way back.
  const from = replace ? history.state?.from : location.pathname + location.search;
  history[replace ? "replaceState" : "pushState"]({ from }, "", address);
  return show({});
}

/** Changes the address bar and nothing else: for state that the page itself has shown already. */
export function setAddress(address, { replace = true } = {}) {
  if (!replace) rememberScroll();
  history[replace ? "replaceState" : "pushState"](history.state ?? {}, "", address);
}

/** Names the page: the title of the document, and what a screen reader hears when the page opens. */
export function setTitle(title) {
  document.title = title ? `${title} · Moments` : "Moments";
}

function rememberScroll() {
  history.replaceState({ ...history.state, scrollY: Math.round(scrollY) }, "");
}

function followLink(event) {
  if (
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  ) {
    return;
  }
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (!find(link.pathname)) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
  event.preventDefault();
  navigate(link.pathname + link.search + link.hash);
}

function find(address) {
  const path = within(address);
  if (path === null) return null;
  for (const route of routes) {
    const found = route.regex.exec(path);
    if (!found) continue;
    return { route, params: Object.fromEntries(route.names.map((name, n) => [name, decode(found[n + 1])])) };
  }
  return null;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function show({ isFirst = false, isBack = false }) {
  const mine = ++visit;
  const found = find(location.pathname) ?? find(onSite("/404"));
  const query = new URLSearchParams(location.search);
  markNav();
  if (current?.route.mount === found.route.mount && current.page.update) {
    await current.page.update(found.params, query);
    if (mine === visit) scrollTo(0, isBack ? (history.state?.scrollY ?? 0) : 0);
    return;
  }
  current?.page.unmount?.();
  current = null;
  setTitle("");
  const root = document.createElement("div");
  outlet.replaceChildren(root);
  const mounted = await found.route.mount(root, found.params, query);
  const page = typeof mounted === "function" ? { unmount: mounted } : (mounted ?? {});
  if (mine !== visit) {
    page.unmount?.();
    return;
  }
  current = { route: found.route, page };
  scrollTo(0, isBack ? (history.state?.scrollY ?? 0) : 0);
  if (!isFirst) focusPage(root);
}

function focusPage(root) {
  announce(document.title);
  // A page that has put the focus somewhere itself keeps it there.
  if (root.contains(document.activeElement)) return;
  const heading = root.querySelector("h1") ?? outlet;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function markNav() {
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll(".site-nav-link");
  for (const link of links) {
    const paths = (link.dataset.paths ?? within(link.pathname)).split(" ");
    if (paths.includes(within(location.pathname))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
