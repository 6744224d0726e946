// How a video's timeline is drawn: rows on a canvas, at any zoom. Nothing here listens or remembers.

import { tellingEvidence } from "../evidence.js";
import { clock } from "../format.js";
import { allLanes } from "../lane-table.js";
import { ticks, visible, xOf } from "./timeline-scale.js";

const RULER = 24;
const PICTURES = 54;
const CURVE = 44;
const LANE = 22;
const GAP = 6;
const SMALL_SHOT = 36;

/** What a timeline holds of each kind of evidence apart from any search: `{start_s, end_s, text}` each. */
const ITEMS = {
  frame: () => [],
  sound: (timeline) => timeline.sound_events.map((event) => ({ ...event, text: event.label })),
  transcript: (timeline) => timeline.segments,
  screen_text: (timeline) => timeline.screen_texts,
};

/** Rows from the top: `{kind, name, icon, top, height, lane?, items?, hits?}`; a row with nothing in it is left out. */
export function rowsOf(timeline, moments) {
  const rows = [{ kind: "ruler", height: RULER }];
  if (timeline.thumbnails_s.length) rows.push({ kind: "pictures", name: "Shots", icon: "film", height: PICTURES });
  else if (timeline.shots.length > 1) rows.push({ kind: "shots", name: "Shots", icon: "film", height: LANE });
  if (timeline.curve?.length) rows.push({ kind: "curve", name: "Match", icon: "search", height: CURVE });
  for (const lane of allLanes()) {
    const items = ITEMS[lane.evidence](timeline);
    const hits = hitsOf(moments, lane.id);
    if (items.length || hits.length) {
      rows.push({ kind: "lane", lane, name: lane.name, icon: lane.icon, items, hits, height: LANE });
    }
  }
  let top = 0;
  for (const row of rows) {
    row.top = top;
    top += row.height + GAP;
  }
  return rows;
}

/** How tall rows are together. */
export function heightOf(rows) {
  const last = rows.at(-1);
  return last.top + last.height;
}

/** Where a lane proves moments: `{start_s, end_s, moment}` each. */
function hitsOf(moments, lane) {
  return moments.flatMap((moment) =>
    tellingEvidence(moment)
      .filter((item) => item.lane === lane)
      .map((item) => ({ start_s: item.start_s, end_s: item.end_s, moment })),
  );
}

/** Draws everything but the playhead. `place`: {view, width, chosen, colours, picture(timeS, wide)}. */
export function drawRows(context, rows, timeline, place) {
  context.clearRect(0, 0, place.width, heightOf(rows));
  drawMoments(context, rows, place);
  for (const row of rows) {
    if (row.kind === "ruler") drawRuler(context, row, place);
    if (row.kind === "pictures") drawPictures(context, row, timeline, place);
    if (row.kind === "shots") drawBlocks(context, row, timeline.shots, place, place.colours.item);
    if (row.kind === "curve") drawCurve(context, row, timeline.curve, place);
    if (row.kind === "lane") drawLane(context, row, place);
  }
}

function drawRuler(context, row, { view, width, colours }) {
  const { step_s, times } = ticks(view, width);
  context.font = `500 11px ${colours.font}`;
  context.textBaseline = "middle";
  for (const time of times) {
    const x = Math.round(xOf(view, time, width)) + 0.5;
    context.fillStyle = colours.line;
    context.fillRect(x - 0.5, row.height - 6, 1, 6);
    const text = clock(time, { tenths: step_s < 1 });
    const half = context.measureText(text).width / 2;
    context.fillStyle = colours.faint;
    context.fillText(text, Math.min(Math.max(0, x - half), width - 2 * half), 9);
  }
}

function drawMoments(context, rows, { view, width, moments, chosen, colours }) {
  const bottom = heightOf(rows);
  for (const moment of visible(moments, view)) {
    const [x, wide] = extent(moment, view, width);
    const isChosen = moment === chosen;
    context.fillStyle = colours.accentSoft;
    context.globalAlpha = isChosen ? 1 : 0.55;
    context.fillRect(x, RULER, wide, bottom - RULER);
    context.globalAlpha = 1;
    context.fillStyle = colours.accent;
    context.fillRect(x, RULER - 3, wide, isChosen ? 3 : 1.5);
  }
}

function drawPictures(context, row, timeline, place) {
  const { view, width, colours, picture } = place;
  for (const block of blocksOf(timeline, view, width)) {
    const from = Math.max(0, block.x);
    const to = Math.min(width, block.x + block.wide);
    context.save();
    roundedPath(context, block.x, row.top, block.wide, row.height, 5);
    context.clip();
    context.fillStyle = colours.sunken;
    context.fillRect(from, row.top, to - from, row.height);
    const { image, cell } = picture(block.start_s, row.height);
    // Cells hang from the start of their shot, so that pictures stay where they are while the view moves.
    const first = Math.max(0, Math.floor((from - block.x) / cell));
    for (let x = block.x + first * cell; x < to; x += cell) {
      const share = Math.min(1, (x + cell / 2 - block.x) / block.wide);
      const shown =
        cell >= block.wide ? image : picture(block.start_s + share * (block.end_s - block.start_s), row.height).image;
      if (shown) context.drawImage(shown, x, row.top, cell, row.height);
    }
    context.restore();
  }
}

/** Shots as places on the strip; those too small to be seen are taken together. */
function blocksOf(timeline, view, width) {
  const shots = timeline.shots.length ? timeline.shots : [{ start_s: 0, end_s: view.duration_s }];
  const blocks = [];
  for (const shot of visible(shots, view)) {
    const last = blocks.at(-1);
    const x = xOf(view, shot.start_s, width);
    const wide = xOf(view, shot.end_s, width) - x;
    if (last && last.wide < SMALL_SHOT && wide < SMALL_SHOT) {
      last.wide = x + wide - last.x - 2;
      last.end_s = shot.end_s;
    } else {
      blocks.push({ start_s: shot.start_s, end_s: shot.end_s, x, wide: Math.max(1, wide - 2) });
    }
  }
  return blocks;
}

function drawCurve(context, row, curve, { view, width, colours }) {
  const bottom = row.top + row.height;
  const y = (point) => bottom - Math.max(0.02, point.confidence) * (row.height - 2);
  const shown = visible(curve, { start_s: view.start_s - 10, end_s: view.end_s + 10 });
  if (!shown.length) return;
  const line = new Path2D();
  shown.forEach((point, number) => {
    const x = xOf(view, (point.start_s + point.end_s) / 2, width);
    if (number === 0) line.moveTo(xOf(view, point.start_s, width), y(point));
    line.lineTo(x, y(point));
    if (number === shown.length - 1) line.lineTo(xOf(view, point.end_s, width), y(point));
  });
  const area = new Path2D(line);
  area.lineTo(xOf(view, shown.at(-1).end_s, width), bottom);
  area.lineTo(xOf(view, shown[0].start_s, width), bottom);
  area.closePath();
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.16;
  context.fill(area);
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke(line);
  context.fillStyle = colours.line;
  context.fillRect(0, bottom - 1, width, 1);
}

function drawLane(context, row, place) {
  const { view, width, colours, chosen } = place;
  context.fillStyle = colours.rail;
  roundedPath(context, 0, row.top, width, row.height, 5);
  context.fill();
  drawBlocks(context, row, row.items, place, colours.lanes[row.lane.id], 0.3);
  for (const hit of visible(row.hits, view)) {
    const [x, wide] = extent(hit, view, width);
    context.fillStyle = colours.lanes[row.lane.id];
    context.globalAlpha = hit.moment === chosen ? 1 : 0.2 + 0.7 * hit.moment.confidence;
    roundedPath(context, x, row.top + 3, wide, row.height - 6, 4);
    context.fill();
    context.globalAlpha = 1;
  }
  drawLabels(context, row, place);
}

function drawBlocks(context, row, items, { view, width }, colour, alpha = 1) {
  context.fillStyle = colour;
  context.globalAlpha = alpha;
  for (const item of visible(items, view)) {
    const [x, wide] = extent(item, view, width);
    roundedPath(context, x, row.top + 3, Math.max(1.5, wide - 1), row.height - 6, 4);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** Words in blocks that have the room for them. */
function drawLabels(context, row, { view, width, colours, chosen }) {
  context.font = `500 11px ${colours.font}`;
  context.textBaseline = "middle";
  for (const item of visible(row.items, view)) {
    const [left, wide] = extent(item, view, width);
    const x = Math.max(0, left);
    const room = Math.min(width, left + wide) - x - 12;
    if (room < 34) continue;
    const hit = row.hits.find((one) => one.end_s > item.start_s && one.start_s < item.end_s);
    context.fillStyle = hit && (hit.moment === chosen || hit.moment.confidence > 0.6) ? colours.surface : colours.ink;
    context.fillText(shortened(context, item.text, room), x + 6, row.top + row.height / 2 + 0.5);
  }
}

function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let length = Math.min(text.length, Math.floor(room / 4));
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return length > 1 ? `${text.slice(0, length).trimEnd()}…` : "";
}

function extent(span, view, width) {
  const x = xOf(view, span.start_s, width);
  return [x, Math.max(2, xOf(view, span.end_s, width) - x)];
}

function roundedPath(context, x, y, wide, high, radius) {
  context.beginPath();
  context.roundRect(x, y, wide, high, Math.min(radius, wide / 2));
}
