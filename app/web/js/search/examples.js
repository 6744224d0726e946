// Searches to begin with, made of what the library really holds.

import { get, post } from "../api.js";
import { BASE } from "../base.js";
import { allLanes, laneOf } from "../lane-table.js";

const KEY = `moments${BASE}.examples`;
const MOST_WORDS = 7;
const LEAST_LABEL_CONFIDENCE = 0.5;

/** Up to one {lane, text} of each kind of evidence: something said, read, heard and seen in the newest videos. */
export async function exampleSearches(videos, signal) {
  const remembered = load(videos);
  if (remembered) return remembered;
  const found = {};
  for (const video of videos) {
    const timeline = await get(`/v1/videos/${encodeURIComponent(video.video_id)}/timeline`, { signal });
    found.screen_text ??= readableLine(timeline.screen_texts);
    found.transcript ??= clearWords(timeline.segments);
    found.sound ??= soundLabel(timeline.sound_events);
    found.frame ??= await seenLabel(video, timeline, signal);
    if (found.screen_text && found.transcript && found.sound && found.frame) break;
  }
  const examples = allLanes()
    .filter((lane) => found[lane.evidence] && lane === laneOf(lane.evidence))
    .map(({ id, evidence }) => ({ lane: id, text: found[evidence] }));
  save(videos, examples);
  return examples;
}

/** The first lines on slides and signs that read like a phrase; text read off pictures is full of splinters. */
function readableLine(texts) {
  const lines = texts
    .flatMap((item) => item.text.split("\n"))
    .map((line) => line.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""));
  const isPhrase = (line) => /^\p{Lu}\p{L}+( [\p{L}\p{N}'’-]+){1,6}$/u.test(line) && /\p{Ll}{3}/u.test(line);
  return lines.filter(isPhrase).sort((one, other) => wordCount(other) - wordCount(one))[0] ?? null;
}

/** Some words of what somebody says with the greatest certainty. */
function clearWords(segments) {
  const long = segments.filter((segment) => wordCount(segment.text) >= 4);
  const clearest = long.sort((one, other) => other.confidence - one.confidence)[0];
  return clearest
    ? clearest.text
        .trim()
        .split(/\s+/)
        .slice(0, MOST_WORDS)
        .join(" ")
        .replace(/[.,;:!?]+$/, "")
    : null;
}

function wordCount(text) {
  return text.trim().split(/\s+/).length;
}

function soundLabel(events) {
  const dull = /^(speech|silence|music|inside|outside|noise)\b/i;
  const best = events.filter((event) => !dull.test(event.label)).sort((one, other) => other.score - one.score)[0];
  return best ? best.label.toLowerCase() : null;
}

/** A name for something that can be seen in the video, checked by a search for it. */
async function seenLabel(video, timeline, signal) {
  const shot = timeline.shots.find(({ start_s, end_s }) => end_s - start_s >= 1);
  if (!shot) return null;
  const like = { video_id: video.video_id, start_s: shot.start_s, end_s: Math.min(shot.end_s, shot.start_s + 10) };
  const near = await seen({ like }, 6, signal);
  const labels = new Set(near.flatMap((moment) => moment.evidence[0]?.text?.split(", ")[0] ?? []));
  for (const text of [...labels].slice(0, 3)) {
    const [best] = await seen({ text }, 1, signal);
    if (best && best.confidence >= LEAST_LABEL_CONFIDENCE) return text;
  }
  return null;
}

async function seen(query, limit, signal) {
  return (await post("/v1/search", { query, lanes: [laneOf("frame").id], limit }, { signal })).moments;
}

function load(videos) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    return kept?.newest === videos[0].video_id ? kept.examples : null;
  } catch {
    return null;
  }
}

function save(videos, examples) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ newest: videos[0].video_id, examples }));
  } catch {
    // They are found again next time.
  }
}
