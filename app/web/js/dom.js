// Elements without markup: text only ever becomes text nodes, so no title, transcript or
// screen text can turn into HTML. There is no innerHTML in this interface.

const SVG = "http://www.w3.org/2000/svg";

/**
 * What an element may be given.
 * @typedef {Record<string, any>} Props
 * What it may hold.
 * @typedef {Node | string | number | boolean | null | undefined | any[]} Child
 */

/**
 * An element. Props: `class`, `dataset` {name: value}, `style` {property: value} (through CSSOM),
 * `on` {event: listener}, `ref` (called with the element); `value`, `checked`, `indeterminate`, `muted`
 * and `srcObject` are set as properties; anything else is an attribute: true sets it empty, and
 * false, null and undefined leave it out. Children: nodes, strings, numbers, arrays; empty ones are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = null, ...children) {
  return build(document.createElement(tag), props, children);
}

/**
 * An SVG element, as `h` makes HTML ones.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, props = null, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

/** Puts `children` in the place of all that `element` holds, and returns `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** As `fill`, but the focus stays where it was: on what has the same `name` now. */
export function refill(element, ...children) {
  const name = element.contains(document.activeElement) ? document.activeElement.getAttribute("name") : null;
  fill(element, ...children);
  if (name) element.querySelector(`[name="${CSS.escape(name)}"]`)?.focus();
  return element;
}

/** Listens until `signal` aborts. */
export function listen(target, event, listener, signal, options = {}) {
  target.addEventListener(event, listener, { ...options, signal });
}

let lastId = 0;

/** An id that no other element has. */
export function uid(prefix = "id") {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

const PROPERTIES = new Set(["value", "checked", "indeterminate", "muted", "srcObject"]);

function build(element, props, children) {
  let ref = null;
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.setAttribute("class", Array.isArray(value) ? value.filter(Boolean).join(" ") : value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style") setStyle(element, value);
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "ref") ref = value;
    else if (PROPERTIES.has(name)) continue;
    else if (/^(on|innerHTML|outerHTML|srcdoc)/i.test(name)) throw new TypeError(`h: ${name} is not allowed`);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...nodes(children));
  // After the children: a select has its options by now.
  for (const name of PROPERTIES) if (props?.[name] !== undefined && props[name] !== null) element[name] = props[name];
  ref?.(element);
  return element;
}

/** Sets CSS properties ("--x" too) of an element through CSSOM, which the content security policy allows. */
export function setStyle(element, style) {
  for (const [property, value] of Object.entries(style)) element.style.setProperty(property, value);
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== true && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
