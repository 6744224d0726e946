// Uploads a file with tus-js-client as a page or a program would: node tus.mjs HOW ENDPOINT FILE.
// Prints {"url", "sent": ["PATCH 0", …]}: where the upload is, and which requests it took.

import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { DetailedError, Upload } from "tus-js-client";

const CHUNK_BYTES = 400_000;

const [how, endpoint, file] = process.argv.slice(2);
const sent = [];

const options = {
  endpoint,
  metadata: { filename: basename(file), tags: "work" },
  chunkSize: CHUNK_BYTES,
  retryDelays: [50, 50, 50],
  onBeforeRequest: (request) => sent.push(`${request.getMethod()} ${request.getHeader("Upload-Offset") ?? ""}`.trim()),
  onError: fail,
};

const ways = {
  whole: { onSuccess: done },
  byPost: { overridePatchMethod: true, onSuccess: done },
  inPieces: { parallelUploads: 3, onSuccess: done },
  thenTerminated: { onSuccess: () => Upload.terminate(upload.url, options).then(done, fail) },
  stopped: { onChunkComplete: () => upload.abort(false).then(done, fail) },
  abandoned: { onChunkComplete: () => upload.abort(true).then(done, fail) },
};

const upload = new Upload(createReadStream(file), { ...options, ...ways[how] });
upload.start();

function done() {
  console.log(JSON.stringify({ url: upload.url, sent }));
  process.exit(0);
}

function fail(error) {
  console.error(error instanceof DetailedError ? `${error.message} ${error.originalResponse?.getBody()}` : error);
  process.exit(1);
}
