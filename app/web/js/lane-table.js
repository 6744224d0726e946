// The lanes as the server tells them. No module names one: what it knows is the kinds of evidence.

import { get } from "./api.js";

/** The icon of each kind of evidence. */
const ICONS = { frame: "eye", sound: "sound", transcript: "speech", screen_text: "screen" };

/**
 * One lane: `name` and `about` are words for people, `evidence` is its kind of proof.
 * @typedef {{ id: string, name: string, about: string, evidence: string, colour: string, icon: string }} Lane
 */

/** @type {Lane[]} */
let table = [];
/** @type {Promise<void> | null} */
let loading = null;

/** Asks for the lanes, once. Until that is done there are none; where it fails, the next call asks again. */
export function loadLanes() {
  loading ??= ask().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function ask() {
  const { lanes } = await get("/v1/system");
  table = lanes.map(({ lane: id, ...row }) => ({ ...row, id, icon: ICONS[row.evidence] }));
}

/** All lanes, in the order in which they are shown. */
export function allLanes() {
  return table;
}

/** The lane of that id. */
export function lane(id) {
  return found(
    table.find((one) => one.id === id),
    id,
  );
}

/** The first lane whose proof is of that kind. */
export function laneOf(evidence) {
  return found(
    table.find((one) => one.evidence === evidence),
    evidence,
  );
}

/** The style that gives an element, as `--lane`, the colour of a lane. */
export function laneColour({ colour }) {
  return { "--lane": `var(--lane-${colour})` };
}

function found(row, what) {
  if (!row) throw new Error(`The server tells of no lane ${what}.`);
  return row;
}
