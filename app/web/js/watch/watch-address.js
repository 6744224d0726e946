// What the address of the player page says: a video, a moment of it, a place, and the search it came from.

import { address } from "../api.js";
import { onSite } from "../base.js";

/** `{startS, endS, atS, search}` of the query of an address; null where it does not say, or says nonsense. */
export function parseWatch(query) {
  const startS = seconds(query.get("start_s"));
  const endS = seconds(query.get("end_s"));
  const text = (query.get("text") ?? "").trim();
  return {
    startS,
    endS: startS !== null && endS !== null && endS > startS ? endS : null,
    atS: seconds(query.get("t_s")),
    search: text ? searchOf(text, query) : null,
  };
}

function searchOf(text, query) {
  const search = { text, then: query.getAll("then"), not: query.getAll("not"), lane: query.getAll("lane") };
  return query.get("correct") === "false" ? { ...search, correct: "false" } : search;
}

/** The address that says the same; `atS` only where it is not the start of the moment. */
export function watchAddress(videoId, { moment = null, atS = null, search = null }) {
  return address(onSite(`/watch/${encodeURIComponent(videoId)}`), {
    start_s: moment && rounded(moment.start_s),
    end_s: moment && rounded(moment.end_s),
    t_s: atS === null ? null : rounded(atS),
    ...search,
  });
}

/** Whether two searches are for the same. */
export function isSameSearch(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The moment of a list that a span means: the one it shares most with, if that is most of it; else null. */
export function momentOf(moments, startS, endS) {
  if (startS === null) return null;
  const end = endS ?? startS + 0.001;
  const shared = (moment) => Math.min(moment.end_s, end) - Math.max(moment.start_s, startS);
  const best = moments.toSorted((one, other) => shared(other) - shared(one))[0];
  return best && shared(best) >= 0.5 * (end - startS) ? best : null;
}

function seconds(text) {
  const value = text === null || text === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function rounded(value) {
  return Math.round(value * 1000) / 1000;
}
