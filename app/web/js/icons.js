// Icons drawn for this interface: strokes on a 24 x 24 grid, in the colour of the text.

import { svg } from "./dom.js";

const circle = (cx, cy, r, more = {}) => ["circle", { cx, cy, r, ...more }];
const path = (d, more = {}) => ["path", { d, ...more }];
const rect = (x, y, width, height, rx = 2) => ["rect", { x, y, width, height, rx }];
const SOLID = { fill: "currentColor", stroke: "none" };

const ICONS = {
  logo: [path("M12 3a9 9 0 1 1-8.2 5.3"), path("M10 8.4v7.2l5.8-3.6z", SOLID), circle(5.6, 5.2, 1.6, SOLID)],
  search: [circle(10.5, 10.5, 6.5), path("m15.5 15.5 5 5")],
  mic: [rect(9, 3, 6, 11, 3), path("M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3")],
  stop: [rect(7, 7, 10, 10, 2)],
  image: [rect(3.5, 4.5, 17, 15, 3), circle(9, 10, 1.6), path("m4 17.5 5-4 3.5 2.5 3.5-3.5 4.5 4")],
  attach: [path("M19.5 11.5 12 19a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-7.9 7.9a1.6 1.6 0 0 1-2.2-2.2l7-7")],
  filter: [path("M4 7h16M7 12h10M10 17h4")],
  eye: [path("M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12z"), circle(12, 12, 2.8)],
  sound: [path("M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"), path("M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11")],
  mute: [path("M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"), path("m16 9.5 5 5m0-5-5 5")],
  speech: [
    path("M5 4.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-4.5 4v-4H5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z"),
    path("M7.5 9h9M7.5 12.5h5.5"),
  ],
  screen: [rect(3, 4.5, 18, 12.5, 2), path("M8.5 20.5h7M9 8.5h6M12 8.5v5.5")],
  play: [path("M8 5.2v13.6a.6.6 0 0 0 .9.5l10.6-6.8a.6.6 0 0 0 0-1L8.9 4.7a.6.6 0 0 0-.9.5z", SOLID)],
  pause: [path("M8 5v14M16 5v14", { "stroke-width": 3 })],
  loop: [path("M17 3.5 20 6.5l-3 3M4 12v-1.5a4 4 0 0 1 4-4h12M7 20.5l-3-3 3-3M20 12v1.5a4 4 0 0 1-4 4H4")],
  previous: [path("M18.5 6v12L9 12z", SOLID), path("M6 6v12")],
  next: [path("M5.5 6v12L15 12z", SOLID), path("M18 6v12")],
  back: [path("M19.5 12h-15M11 5.5 4.5 12l6.5 6.5")],
  fullscreen: [path("M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4")],
  check: [path("m5 12.5 4.5 4.5L19 7.5")],
  close: [path("m6 6 12 12M18 6 6 18")],
  plus: [path("M12 5v14M5 12h14")],
  minus: [path("M5 12h14")],
  more: [circle(6, 12, 1.4, SOLID), circle(12, 12, 1.4, SOLID), circle(18, 12, 1.4, SOLID)],
  then: [path("M4 6h9a4 4 0 0 1 4 4v8M13 14.5l4 4 4-4")],
  similar: [rect(3.5, 7.5, 12, 9, 2), path("M8.5 4.5h10a2 2 0 0 1 2 2v7")],
  tray: [
    path("M4 13.5 6.4 6a2 2 0 0 1 1.9-1.5h7.4A2 2 0 0 1 17.6 6l2.4 7.5v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z"),
    path("M4 13.5h4.5l1.2 2.5h4.6l1.2-2.5H20"),
  ],
  trash: [path("M5 7h14M10 4h4M6.5 7l.9 12a1.5 1.5 0 0 0 1.5 1.4h6.2a1.5 1.5 0 0 0 1.5-1.4l.9-12M10 11v5.5M14 11v5.5")],
  download: [path("M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15")],
  upload: [path("M12 15.5v-11M7.5 9 12 4.5 16.5 9M4.5 19.5h15")],
  edit: [
    path("M4.5 19.5 5.5 15 15.8 4.7a1.5 1.5 0 0 1 2.1 0l1.4 1.4a1.5 1.5 0 0 1 0 2.1L9 18.5z"),
    path("m13.8 6.7 3.5 3.5"),
  ],
  retry: [path("M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4h-4")],
  up: [path("m6 14.5 6-6 6 6")],
  down: [path("m6 9.5 6 6 6-6")],
  grip: [
    circle(9, 6.5, 1.3, SOLID),
    circle(15, 6.5, 1.3, SOLID),
    circle(9, 12, 1.3, SOLID),
    circle(15, 12, 1.3, SOLID),
    circle(9, 17.5, 1.3, SOLID),
    circle(15, 17.5, 1.3, SOLID),
  ],
  sun: [
    circle(12, 12, 4),
    path(
      "M12 3v1.6M12 19.4V21M3 12h1.6M19.4 12H21M5.6 5.6l1.2 1.2M17.2 17.2l1.2 1.2M5.6 18.4l1.2-1.2M17.2 6.8l1.2-1.2",
    ),
  ],
  moon: [path("M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z")],
  info: [circle(12, 12, 8.5), path("M12 11v5M12 7.8v.2")],
  alert: [path("M12 4 3 19.5h18z"), path("M12 10v4.5M12 17v.2")],
  link: [
    path("M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1-1"),
  ],
  keyboard: [rect(2.5, 6, 19, 12, 2.5), path("M6.5 10h.2M10 10h.2M13.8 10h.2M17.3 10h.2M8.5 14h7")],
  folder: [
    path(
      "M3.5 18V6.5a1.5 1.5 0 0 1 1.5-1.5h4l2 2.5h8a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18z",
    ),
  ],
  film: [rect(3.5, 5, 17, 14, 2.5), path("M8 5v14M16 5v14M3.5 9.7H8M3.5 14.3H8M16 9.7h4.5M16 14.3h4.5")],
  tag: [
    path(
      "M4 11.5V5a1 1 0 0 1 1-1h6.5a2 2 0 0 1 1.4.6l6.6 6.6a2 2 0 0 1 0 2.8L14 19.5a2 2 0 0 1-2.8 0L4.6 12.9a2 2 0 0 1-.6-1.4z",
    ),
    circle(8.5, 8.5, 1.2, SOLID),
  ],
  calendar: [rect(4, 5.5, 16, 14.5, 2.5), path("M4 10h16M8.5 3.5v4M15.5 3.5v4")],
  captions: [rect(3, 5.5, 18, 13, 2.5), path("M10.5 10.4a2.3 2.3 0 1 0 0 3.2M17 10.4a2.3 2.3 0 1 0 0 3.2")],
  pip: [
    path("M20.5 10V7a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 7v10A1.5 1.5 0 0 0 5 18.5h5"),
    rect(12.5, 13, 8.5, 6, 1.5),
  ],
  shrink: [
    path(
      "M9 4v3.5A1.5 1.5 0 0 1 7.5 9H4M20 9h-3.5A1.5 1.5 0 0 1 15 7.5V4M15 20v-3.5a1.5 1.5 0 0 1 1.5-1.5H20M4 15h3.5A1.5 1.5 0 0 1 9 16.5V20",
    ),
  ],
  grid: [rect(4, 4, 7, 7, 1.5), rect(13, 4, 7, 7, 1.5), rect(4, 13, 7, 7, 1.5), rect(13, 13, 7, 7, 1.5)],
  list: [path("M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.2M4.5 12h.2M4.5 17.5h.2")],
  lock: [rect(5.5, 10.5, 13, 9.5, 2.5), path("M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5")],
};

/** An icon by name; decoration unless `label` says what it means. */
export function icon(name, { label = null, className = "" } = {}) {
  const shapes = ICONS[name];
  if (!shapes) throw new RangeError(`there is no icon ${name}; allowed are ${Object.keys(ICONS).join(", ")}`);
  return svg(
    "svg",
    {
      class: className ? `icon ${className}` : "icon",
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.75,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": label ? null : "true",
      role: label ? "img" : null,
      "aria-label": label,
      focusable: "false",
    },
    ...shapes.map(([tag, attributes]) => svg(tag, attributes)),
  );
}
