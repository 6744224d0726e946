// The door: a key opens it, and a cookie that scripts cannot read keeps it open.

import { get, post, remove } from "./api.js";
import { onSite } from "./base.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { navigate, setTitle } from "./router.js";
import { toast } from "./toast.js";

/** Shows the form. `next` of the address is where it leads. */
export function mount(root, _params, query) {
  setTitle("Sign in");
  const key = h("input", {
    class: "input",
    id: "key",
    name: "key",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "key-hint key-problem",
  });
  const problem = h("p", { class: "error-text", id: "key-problem", role: "alert", hidden: true });
  const submit = h("button", { class: "button button-primary", type: "submit" }, "Sign in");
  const form = h(
    "form",
    { class: "sign-in card" },
    icon("lock"),
    h("h1", null, "Sign in"),
    h("p", { class: "soft" }, "This library is open to those who have a key to it."),
    h(
      "div",
      { class: "field" },
      h("label", { class: "field-label", for: "key" }, "API key"),
      key,
      h(
        "span",
        { class: "field-hint", id: "key-hint" },
        "Whoever runs Moments makes one with ",
        h("code", null, "moments keys create"),
        ".",
      ),
    ),
    problem,
    submit,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    key.removeAttribute("aria-invalid");
    submit.disabled = true;
    try {
      await post("/v1/session", { key: key.value.trim() });
      await showSession();
      await navigate(safe(query.get("next")), { replace: true });
    } catch (error) {
      problem.hidden = false;
      key.setAttribute("aria-invalid", "true");
      fill(
        problem,
        icon("alert"),
        error.status === 401 ? "This key is not known here, or was revoked." : error.message,
      );
      key.select();
    } finally {
      submit.disabled = false;
    }
  });
  fill(root, form);
  key.focus();
}

/** Puts a button into the header where somebody is signed in, and asks for a key where one is needed. */
export async function showSession() {
  const place = document.getElementById("session");
  let session;
  try {
    session = await get("/v1/session");
  } catch {
    // A server that cannot be asked says so where it is needed.
    return;
  }
  if (!session.required || !session.signed_in) {
    fill(place);
    if (session.required && location.pathname !== onSite("/sign-in")) {
      await navigate(onSite(`/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`), {
        replace: true,
      });
    }
    return;
  }
  fill(
    place,
    h(
      "button",
      {
        class: "button button-quiet button-small",
        type: "button",
        title: session.name ? `Signed in as ${session.name}` : null,
        on: { click: signOut },
      },
      "Sign out",
    ),
  );
}

async function signOut() {
  try {
    await remove("/v1/session");
    fill(document.getElementById("session"));
    await navigate(onSite("/sign-in"));
  } catch (error) {
    toast(error.message, { kind: "bad" });
  }
}

/** An address of this site, whatever stands in the link that led here. */
function safe(next) {
  return next?.startsWith(onSite("/")) && !/^\/[/\\]/.test(next) ? next : onSite("/");
}
