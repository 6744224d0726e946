// Which parts of a text are marked: words that a search matched, words that are looked for now, the word said now.

/** Text for comparing: small letters without accents, as long as before. */
export function folded(text) {
  return text
    .split("")
    .map((unit) => unit.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().charAt(0) || unit)
    .join("");
}

/** Letters and digits of a word alone, folded: what makes two words the same. */
export function bare(word) {
  return folded(word).replace(/[^\p{L}\p{N}]/gu, "");
}

/** Where `wanted` occurs in a text: `[from, to]` each; nowhere if nothing is wanted. */
export function occurrences(text, wanted) {
  const [within, needle] = [folded(text), folded(wanted.trim())];
  const found = [];
  if (!needle) return found;
  for (let at = within.indexOf(needle); at >= 0; at = within.indexOf(needle, at + needle.length)) {
    found.push([at, at + needle.length]);
  }
  return found;
}

/** Where timed words stand in the text of their segment: `{from, to, start_s, end_s}` each. */
export function placedWords(text, words) {
  const placed = [];
  let after = 0;
  for (const word of words ?? []) {
    const from = text.indexOf(word.text.trim(), after);
    if (from < 0) continue;
    after = from + word.text.trim().length;
    placed.push({ from, to: after, start_s: word.start_s, end_s: word.end_s });
  }
  return placed;
}

/** A text in pieces: `{text, isMatch, isFound, word}` each, in order; `marks` is a set of bare words. */
export function pieces(text, { marks = new Set(), find = "", words = [] }) {
  const matches = marks.size ? [...text.matchAll(/\S+/g)].filter(([word]) => marks.has(bare(word))).map(range) : [];
  const finds = occurrences(text, find);
  const cuts = new Set([0, text.length]);
  for (const [from, to] of [...matches, ...finds, ...words.map((word) => [word.from, word.to])]) cuts.add(from).add(to);
  const edges = [...cuts].sort((one, other) => one - other);
  const holds = (ranges, from) => ranges.some(([start, end]) => from >= start && from < end);
  return edges.slice(0, -1).map((from, number) => ({
    text: text.slice(from, edges[number + 1]),
    isMatch: holds(matches, from),
    isFound: holds(finds, from),
    word: words.find((word) => from >= word.from && from < word.to) ?? null,
  }));
}

function range(match) {
  return [match.index, match.index + match[0].length];
}
