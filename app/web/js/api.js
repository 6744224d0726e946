// The REST API: JSON in and out, problems as one kind of error.

import { onSite } from "./base.js";
import { navigate } from "./router.js";

/** What the server says went wrong (RFC 9457), or that it could not be reached (`code` "unreachable"). */
export class ApiError extends Error {
  constructor({ status = 0, code = "http_error", detail = "", param = null, request_id: requestId = null }) {
    super(detail || code.replaceAll("_", " "));
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.detail = this.message;
    this.param = param;
    this.requestId = requestId;
  }
}

/**
 * What goes with a request.
 * @typedef {{ params?: Record<string, any>, body?: any, signal?: AbortSignal }} Options
 */

/**
 * What `GET path` answers. `params`: {name: value}; empty values are left out.
 * @param {string} path
 * @param {Options} [options]
 */
export function get(path, { params, signal } = {}) {
  return json("GET", address(path, params), { signal });
}

/**
 * What `POST path` answers to a JSON body, or to a FormData.
 * @param {string} path
 * @param {any} [body]
 * @param {Options} [options]
 */
export function post(path, body, { signal } = {}) {
  return json("POST", path, { body, signal });
}

/**
 * What `PATCH path` answers to a JSON body.
 * @param {string} path
 * @param {any} body
 * @param {Options} [options]
 */
export function patch(path, body, { signal } = {}) {
  return json("PATCH", path, { body, signal });
}

/**
 * Asks `DELETE path`.
 * @param {string} path
 * @param {Options} [options]
 */
export function remove(path, { signal } = {}) {
  return json("DELETE", path, { signal });
}

/**
 * The file that `POST path` answers with: {blob, filename}.
 * @param {string} path
 * @param {any} body
 * @param {Options} [options]
 */
export async function download(path, body, { signal } = {}) {
  const response = await request("POST", path, { body, signal });
  return { blob: await response.blob(), filename: filenameOf(response) };
}

/** A path with a query: params whose value is null, undefined or "" are left out, lists are repeated. */
export function address(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined && item !== "") query.append(name, item);
    }
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Whether an error only says that its request was given up. */
export function isAbort(error) {
  return error?.name === "AbortError";
}

async function json(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * The answer, if it is none of an error.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 */
async function request(method, path, { body, signal } = {}) {
  const isForm = body instanceof FormData;
  const headers = { Accept: "application/json" };
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    const payload = body === undefined || isForm ? body : JSON.stringify(body);
    response = await fetch(onSite(path), { method, headers, body: payload, signal, credentials: "same-origin" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError({
      code: "unreachable",
      detail: "Moments cannot be reached. Is `moments serve` still running?",
    });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && location.pathname !== onSite("/sign-in")) {
    navigate(address(onSite("/sign-in"), { next: location.pathname + location.search }), { replace: true });
  }
  throw problem;
}

async function problemOf(response) {
  try {
    return new ApiError({ ...(await response.json()), status: response.status });
  } catch {
    return new ApiError({
      status: response.status,
      detail: `The server answered ${response.status} ${response.statusText}`,
    });
  }
}

function filenameOf(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=(?:utf-8|UTF-8)''([^;]+)/.exec(header);
  if (encoded) return decodeURIComponent(encoded[1]);
  return /filename="?([^";]+)"?/.exec(header)?.[1] ?? null;
}
