// The interface starts here: the frame of every page, and which module shows which address.

import { ApiError } from "./api.js";
import { onSite } from "./base.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { loadLanes } from "./lane-table.js";
import { register, setTitle, start } from "./router.js";
import { showSession } from "./sign-in.js";
import { showShortcuts, watchKeys } from "./shortcuts.js";
import { themeButton } from "./theme-button.js";
import { mountTray } from "./search/tray.js";

/** A page whose module is fetched when it is first shown, and with it what it `needs`. */
function page(load, needs = loadLanes) {
  return async (root, params, query) => {
    try {
      const [module] = await Promise.all([load(), needs()]);
      return module.mount(root, params, query);
    } catch (error) {
      // The page to sign in on is on its way.
      if (error instanceof ApiError && error.status === 401) return undefined;
      console.error(error);
      return mountFailure(root);
    }
  };
}

function mountFailure(root) {
  setTitle("Something is wrong");
  fill(
    root,
    h(
      "div",
      { class: "state" },
      icon("alert"),
      h("h1", null, "This page could not be shown"),
      h("p", null, "Reload it. If that does not help, see whether Moments is still running."),
      h("a", { class: "button", href: location.href, target: "_self" }, "Reload"),
    ),
  );
}

function mountMissing(root) {
  setTitle("Not found");
  fill(
    root,
    h(
      "div",
      { class: "state" },
      icon("search"),
      h("h1", null, "There is no such page"),
      h("p", null, "The address may be mistyped, or what it showed is gone."),
      h("a", { class: "button button-primary", href: onSite("/") }, "Search your videos"),
    ),
  );
}

const search = page(() => import("./search/search-page.js"));
register("/", search);
register("/search", search);
register(
  "/watch/:videoId",
  page(() => import("./watch/player-page.js")),
);
register(
  "/library",
  page(() => import("./library/library-page.js")),
);
register(
  "/sign-in",
  page(
    () => import("./sign-in.js"),
    () => undefined,
  ),
);
register("/404", mountMissing);

document.getElementById("logo").prepend(icon("logo"));
fill(
  document.getElementById("site-tools"),
  h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Keyboard shortcuts",
      title: "Keyboard shortcuts (?)",
      on: { click: showShortcuts },
    },
    icon("keyboard"),
  ),
  themeButton(),
  h("div", { id: "session" }),
);
const header = document.getElementById("site-header");
addEventListener("scroll", () => header.classList.toggle("is-scrolled", scrollY > 4), { passive: true });
document.querySelector(".skip-link").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("page").focus();
});
watchKeys();
mountTray(document.getElementById("tray"));
await start(document.getElementById("page"));
await showSession();
