// What the server takes at most, so that people hear of it before it refuses. A test holds it against the server.

export const QUERY_CHARS = 1_000;
export const STEPS = 8;
export const QUERY_FILE_BYTES = 64_000_000;
export const SPOKEN_S = 60;
export const TITLE_CHARS = 300;
export const TAG_CHARS = 100;
export const NAME_CHARS = 100;
