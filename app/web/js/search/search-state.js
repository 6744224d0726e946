// A search as a value: read from the address bar, written back to it, and sent to the API.

import { onSite } from "../base.js";
import { allLanes } from "../lane-table.js";
import { storedFile } from "./query-files.js";

export const DEFAULT_WITHIN_S = 30;
export const PAGE_SIZE = 20;
// Any other order than likeliest first is one of all that was found, as far as an answer goes.
export const SORTED_SIZE = 100;

/** A search for nothing. */
export function emptySearch() {
  return {
    text: "",
    then: [],
    withinS: DEFAULT_WITHIN_S,
    not: [],
    lanes: laneIds(),
    weights: {},
    videos: [],
    path: "",
    tags: [],
    recordedFrom: "",
    recordedTo: "",
    languages: [],
    speakers: [],
    least: 0,
    by: "",
    sort: "",
    like: null,
    fileKey: null,
    textShare: 0.5,
    correct: true,
  };
}

/** The search that a query of an address means; what it does not understand, it leaves out. */
export function parseSearch(query) {
  const lanes = query.getAll("lane").filter((id) => laneIds().includes(id));
  return {
    ...emptySearch(),
    text: query.get("q") ?? "",
    then: query.getAll("then"),
    withinS: positive(query.get("within")) ?? DEFAULT_WITHIN_S,
    not: query.getAll("not"),
    lanes: lanes.length ? laneIds().filter((id) => lanes.includes(id)) : laneIds(),
    weights: parseWeights(query.getAll("weight")),
    videos: query.getAll("video"),
    path: query.get("path") ?? "",
    tags: query.getAll("tag"),
    recordedFrom: query.get("from") ?? "",
    recordedTo: query.get("to") ?? "",
    languages: query.getAll("language"),
    speakers: query.getAll("speaker"),
    least: Math.min(1, positive(query.get("least")) ?? 0),
    by: one(query.get("by"), ["video", "group"]),
    sort: one(query.get("sort"), ["time", "newest", "oldest"]),
    like: parseLike(query.get("like")),
    fileKey: query.get("file"),
    textShare: Math.min(1, Math.max(0, Number(query.get("share") ?? 0.5) || 0)),
    correct: query.get("correct") !== "false",
  };
}

/** The address of a search; what is as usual is left out. */
export function searchAddress(search) {
  const query = new URLSearchParams();
  const add = (name, values) => values.forEach((value) => query.append(name, value));
  if (search.text.trim()) query.set("q", search.text.trim());
  add(
    "then",
    search.then.filter((text) => text.trim()),
  );
  if (search.then.length && search.withinS !== DEFAULT_WITHIN_S) query.set("within", search.withinS);
  add(
    "not",
    search.not.filter((text) => text.trim()),
  );
  if (isNarrowed(search)) add("lane", search.lanes);
  add(
    "weight",
    Object.entries(search.weights).map(([id, weight]) => `${id}:${weight}`),
  );
  add("video", search.videos);
  if (search.path.trim()) query.set("path", search.path.trim());
  add("tag", search.tags);
  if (search.recordedFrom) query.set("from", search.recordedFrom);
  if (search.recordedTo) query.set("to", search.recordedTo);
  add("language", search.languages);
  add("speaker", search.speakers);
  if (search.least > 0) query.set("least", search.least);
  if (search.by) query.set("by", search.by);
  if (search.sort) query.set("sort", search.sort);
  if (search.like) query.set("like", `${search.like.video_id}@${search.like.start_s}-${search.like.end_s}`);
  if (search.fileKey) query.set("file", search.fileKey);
  if (hasExample(search) && search.text.trim() && search.textShare !== 0.5) query.set("share", search.textShare);
  if (!search.correct) query.set("correct", "false");
  const text = query.toString();
  return onSite(text ? `/search?${text}` : "/");
}

/** Whether there is anything to look for. */
export function isAsking(search) {
  return Boolean(search.text.trim() || search.like || search.fileKey);
}

/** Whether something shown, rather than said, is looked for. */
export function hasExample(search) {
  return Boolean(search.like || search.fileKey);
}

/** Whether verdicts on the answer can be kept: they are kept by words alone. */
export function isPlain(search) {
  return Boolean(search.text.trim()) && !hasExample(search) && search.then.length === 0 && search.not.length === 0;
}

/** Whether some lanes are left out. */
export function isNarrowed(search) {
  return search.lanes.length < laneIds().length;
}

/** How many filters narrow the search. */
export function filterCount(search) {
  const recorded = search.recordedFrom || search.recordedTo ? 1 : 0;
  const listed = [search.videos, search.tags, search.languages, search.speakers].flat().length;
  return listed + (search.path ? 1 : 0) + recorded + (search.least > 0 ? 1 : 0);
}

/** The same search without its filters. */
export function withoutFilters(search) {
  const { videos, path, tags, recordedFrom, recordedTo, languages, speakers, least } = emptySearch();
  return { ...search, videos, path, tags, recordedFrom, recordedTo, languages, speakers, least };
}

/** The body of `POST /v1/search` that means a search. */
export function searchBody(search, cursor = null) {
  const query = {};
  if (search.text.trim()) query.text = search.text.trim();
  if (search.like) query.like = search.like;
  if (hasExample(search)) query.text_share = search.textShare;
  if (search.then.length) Object.assign(query, { then: search.then, within_s: search.withinS });
  if (search.not.length) query.not = search.not;
  const body = {
    query,
    limit: search.sort ? SORTED_SIZE : PAGE_SIZE,
    group_by: search.by === "video" ? "video" : "shot",
    explain: true,
  };
  if (isNarrowed(search)) body.lanes = search.lanes;
  if (Object.keys(search.weights).length) body.weights = search.weights;
  const filter = filterBody(search);
  if (Object.keys(filter).length) body.filter = filter;
  if (search.least > 0) body.min_confidence = search.least;
  if (!search.correct) body.correct = false;
  if (cursor) body.cursor = cursor;
  return body;
}

/** Where a search is sent to: {path, body}, a FormData where a file is part of it. */
export function searchRequest(search, cursor = null) {
  const body = searchBody(search, cursor);
  if (!search.fileKey) return { path: "/v1/search", body };
  const file = storedFile(search.fileKey);
  const form = new FormData();
  form.append("file", file.blob, file.name);
  form.append("options", JSON.stringify(body));
  return { path: `/v1/search/${file.kind}`, body: form };
}

/** The player's address for a moment of this search, which can then show what the search found there. */
export function watchAddress(moment, search) {
  const query = new URLSearchParams();
  if (search?.text.trim()) query.set("text", search.text.trim());
  for (const text of search?.then ?? []) query.append("then", text);
  for (const text of search?.not ?? []) query.append("not", text);
  if (search && isNarrowed(search)) for (const id of search.lanes) query.append("lane", id);
  if (search && !search.correct) query.set("correct", "false");
  const more = query.toString();
  return more ? `${moment.play_url}&${more}` : moment.play_url;
}

function laneIds() {
  return allLanes().map((lane) => lane.id);
}

function filterBody(search) {
  const filter = {};
  if (search.videos.length) filter.video_id = search.videos;
  // Without a star or a question mark it is a part of the path, in which a bracket is a bracket.
  if (search.path) filter.path = /[*?]/.test(search.path) ? search.path : `*${search.path.replaceAll("[", "[[]")}*`;
  if (search.tags.length) filter.tag = search.tags;
  if (search.languages.length) filter.language = search.languages;
  if (search.speakers.length) filter.speaker = search.speakers;
  if (search.recordedFrom || search.recordedTo) {
    filter.recorded_at = {};
    if (search.recordedFrom) filter.recorded_at.gte = search.recordedFrom;
    if (search.recordedTo) filter.recorded_at.lte = search.recordedTo;
  }
  return filter;
}

function parseWeights(values) {
  const weights = {};
  for (const value of values) {
    const [id, weight] = value.split(":");
    if (laneIds().includes(id) && weight !== "" && Number(weight) >= 0 && Number(weight) <= 10) {
      weights[id] = Number(weight);
    }
  }
  return weights;
}

function parseLike(value) {
  const found = /^(.+)@([\d.]+)-([\d.]+)$/.exec(value ?? "");
  return found && { video_id: found[1], start_s: Number(found[2]), end_s: Number(found[3]) };
}

function one(value, known) {
  return known.includes(value) ? value : "";
}

function positive(value) {
  const number = Number(value);
  return number > 0 && Number.isFinite(number) ? number : null;
}
