// Jobs as they change, from the server's stream of events.

import { onSite } from "../base.js";

const AGAIN_MS = 3000;

/** Calls `onJob(job)` for each present job and each change, and `onState(isConnected)`, until `signal` aborts. */
export function followJobs({ onJob, onState, signal }) {
  let source = null;
  let timer = 0;
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    source?.close();
  });
  open();

  function open() {
    if (signal.aborted) return;
    source = new EventSource(onSite("/v1/jobs/events"));
    source.addEventListener("open", () => onState(true));
    source.addEventListener("job", (event) => onJob(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      onState(false);
      // The browser tries again by itself unless the answer was no stream at all.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    });
  }
}
