// What a page would write with the types made of docs/openapi.json: a search by words, one with a file, a job.
import type { components, operations, paths } from "./api";

type Json<T extends { content: { "application/json": unknown } }> = T["content"]["application/json"];

export const asked: Json<operations["search"]["requestBody"]> = { query: { text: "a dog", not: ["a cat"] }, limit: 5 };
export const form: operations["searchImage"]["requestBody"]["content"]["multipart/form-data"] = {
  file: "street.jpg",
  text: "at night",
};

export function starts(answer: Json<paths["/v1/search"]["post"]["responses"]["200"]>): number[] {
  return answer.moments.map((moment) => moment.start_s);
}

export function isOver(job: components["schemas"]["JobAnswer"]): boolean {
  const over: components["schemas"]["JobState"][] = ["done", "failed", "cancelled"];
  return over.includes(job.state);
}

export const problem: components["schemas"]["Problem"]["code"] = "video_not_found";
