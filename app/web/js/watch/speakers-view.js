// Who speaks in a video: voices that a person can give names to, and names that are proposed for them.

import { announce } from "../announce.js";
import { get, patch, post } from "../api.js";
import { fill, h, setStyle, uid } from "../dom.js";
import { duration, languageName, plural } from "../format.js";
import { icon } from "../icons.js";
import { NAME_CHARS } from "../limits.js";
import { toast } from "../toast.js";
import { ask, field } from "../video-dialog.js";

const COLOURS = ["blue", "orange", "green", "purple", "red"];
const MOST = 1000;

/**
 * The segments of a video, each with a head where another speaks, or in another language, than before it:
 * {lines, show(labels)}; `show` writes other labels, by the number of the voice.
 */
export function withHeads(segments) {
  const heads = [];
  const usual = mostSaid(segments);
  let before = null;
  const lines = segments.map((segment) => {
    const isOther = segment.speaker && segment.speaker.number !== before?.speaker?.number;
    const language = segment.language !== usual && segment.language !== before?.language ? segment.language : null;
    before = segment;
    if (!isOther && !language) return segment;
    const who = isOther && h("span", { class: "line-speaker" }, segment.speaker.label);
    if (who) heads.push({ number: segment.speaker.number, who });
    const head = h(
      "span",
      { class: "line-head" },
      isOther && dot(segment.speaker.number),
      who,
      language && h("span", { class: "badge" }, languageName(language)),
    );
    return { ...segment, head };
  });
  return {
    lines,
    show(labels) {
      for (const { number, who } of heads) who.textContent = labels.get(number) ?? who.textContent;
    },
  };
}

/** The voices of a video, to be named: {element}. `onNamed(labels)` is told what to call each, by its number. */
export function speakersView(videoId, { onNamed }) {
  const path = `/v1/videos/${encodeURIComponent(videoId)}/speakers`;
  const list = h("ul", { class: "speakers-list" });
  const summary = h("summary", null, "Speakers");
  const element = h("details", { class: "speakers" }, summary, list);
  element.addEventListener("toggle", () => element.open && load());
  return { element };

  async function load() {
    try {
      const { speakers } = await get("/v1/speakers", { params: { video_id: videoId, limit: MOST } });
      fill(summary, plural(speakers.length, "speaker"));
      fill(list, speakers.map(row));
      onNamed(new Map(speakers.map((one) => [one.number, one.label])));
    } catch (error) {
      fill(list, h("li", { class: "error-text", role: "alert" }, error.message));
    }
  }

  function row(voice) {
    return h(
      "li",
      { class: "speaker" },
      h(
        "div",
        { class: "speaker-line" },
        dot(voice.number),
        h("span", { class: "speaker-name" }, voice.label),
        h("span", { class: "speaker-facts num" }, `${duration(voice.speech_s)}, ${voice.certainty_in_words}`),
        h(
          "button",
          {
            class: "icon-button icon-button-small",
            type: "button",
            "aria-label": `Name ${voice.label}`,
            title: `Name ${voice.label}`,
            on: { click: () => rename(voice) },
          },
          icon("edit"),
        ),
      ),
      voice.proposal && proposal(voice),
    );
  }

  function proposal(voice) {
    const { name, title } = voice.proposal;
    const answer = (words, isRight) =>
      h(
        "button",
        {
          class: "button button-quiet button-small",
          type: "button",
          "aria-label": `${words}: ${voice.label} is ${isRight ? "" : "not "}${name}`,
          on: { click: () => settle(voice, isRight) },
        },
        words,
      );
    return h(
      "div",
      { class: "speaker-proposal" },
      h("span", null, "Perhaps ", h("strong", null, name), `, as in ${title}?`),
      answer("Yes", true),
      answer("No", false),
    );
  }

  async function rename(voice) {
    const id = uid("names");
    const name = field(
      "Name",
      { value: voice.name ?? "", maxlength: NAME_CHARS, autocomplete: "off", list: id },
      "Left empty, it has none. The same name twice is the same person.",
    );
    const trouble = h("p", { class: "error-text", role: "alert", hidden: true });
    const save = h("button", { class: "button button-primary", type: "submit" }, "Save");
    const known = await names();
    const options = h(
      "datalist",
      { id },
      known.map((value) => h("option", { value })),
    );
    const named = await ask(`Who is ${voice.label}?`, [name.element, options, trouble], save, async () => {
      try {
        return await patch(`${path}/${voice.number}`, { name: name.input.value.trim() || null });
      } catch (error) {
        trouble.hidden = false;
        fill(trouble, icon("alert"), error.detail ?? String(error));
        return undefined;
      }
    });
    if (!named) return;
    announce(`${voice.label} is ${named.label}`);
    await load();
  }

  async function settle(voice, isRight) {
    try {
      await post(`${path}/${voice.number}/proposal`, { name: voice.proposal.name, is_right: isRight });
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
    await load();
  }
}

/** Names that voices have already, to choose from. */
async function names() {
  try {
    return (await get("/v1/speech")).speakers.map((speaker) => speaker.name);
  } catch {
    return [];
  }
}

/** The language of most of what is said. */
function mostSaid(segments) {
  const seconds = new Map();
  for (const { language, start_s: start, end_s: end } of segments) {
    seconds.set(language, (seconds.get(language) ?? 0) + end - start);
  }
  return [...seconds].sort(([, one], [, other]) => other - one)[0]?.[0] ?? null;
}

function dot(number) {
  const element = h("span", { class: "voice-dot", "aria-hidden": "true" });
  setStyle(element, { "--lane": `var(--lane-${COLOURS[(number - 1) % COLOURS.length]})` });
  return element;
}
