// Values as a person reads them.

// Nothing that was found is certain, whatever rounding says.
const MOST_SURE = 0.99;

/** `1:02:31` or `2:31`; with `tenths`, `2:31.5`. */
export function clock(seconds, { tenths = false } = {}) {
  const unit = tenths ? 10 : 1;
  const all = Math.floor(Math.max(0, seconds) * unit + 1e-6);
  const whole = Math.floor(all / unit);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0") + (tenths ? `.${all % unit}` : "");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** `1:02:31–1:02:44`; tenths only where whole seconds would make both ends the same. */
export function clockRange(startS, endS) {
  const [start, end] = [clock(startS), clock(endS)];
  if (start !== end) return `${start}–${end}`;
  return `${clock(startS, { tenths: true })}–${clock(endS, { tenths: true })}`;
}

/** `1 hour 2 minutes 31 seconds`: a clock time as a screen reader should say it. */
export function spokenClock(seconds) {
  const whole = Math.floor(Math.max(0, seconds));
  /** @type {[number, string][]} */
  const all = [
    [Math.floor(whole / 3600), "hour"],
    [Math.floor((whole % 3600) / 60), "minute"],
    [whole % 60, "second"],
  ];
  const parts = all.filter(([count]) => count > 0);
  return parts.length ? parts.map(([count, unit]) => plural(count, unit)).join(" ") : "0 seconds";
}

/** `2 h 05 min`, `4 min 10 s` or `12 s`: how long something lasts. */
export function duration(seconds) {
  const whole = Math.round(Math.max(0, seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  if (minutes) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${rest} s`;
}

/** `about 2 minutes`: time left, as exact as it can be known. */
export function timeLeft(seconds) {
  if (seconds < 10) return "a few seconds";
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} seconds`;
  if (seconds < 5400) return `about ${plural(Math.round(seconds / 60), "minute")}`;
  return `about ${plural(Math.round(seconds / 3600), "hour")}`;
}

/** `1.4 GB`: a size in bytes, in powers of 1000. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `84 %`, with a narrow space that does not break. */
export function percent(share) {
  return `${Math.round(share * 100)}\u202f%`;
}

/** `79 %`: a confidence, never as more than it is, for a word stands beside it that begins at a whole percent. */
export function sure(confidence) {
  return percent(Math.floor(Math.min(confidence, MOST_SURE) * 100 + 1e-6) / 100);
}

/** `3 videos`, `1 video`: a count with its noun. */
export function plural(count, noun, nouns = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;
}

/** `12 March 2024`: the day of an ISO date. */
export function day(iso) {
  return dated(iso, "long");
}

/** `12 Mar 2024`: the same where there is little room. */
export function shortDay(iso) {
  return dated(iso, "short");
}

/** A day without a time is the same day everywhere; a time is on the reader's own day. */
function dated(iso, month) {
  const timeZone = /^[\d-]+(T00:00:00(\.0+)?(Z|\+00:00))?$/.test(iso) ? "UTC" : undefined;
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month, year: "numeric", timeZone });
}

/** `340 ms` or `3.3 s`: how long a computation took. */
export function took(ms) {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `German`: the name of a language by its code. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** The last part of a path. */
export function fileName(path) {
  return path.split(/[/\\]/).pop();
}
