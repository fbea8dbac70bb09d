// Asking the service. A problem (RFC 9457) becomes an Error whose message is the sentence that the service said.

import { t } from "./words.js";

export class Problem extends Error {
  constructor(told, status) {
    super(told.detail ?? told.title ?? String(status));
    this.told = told;
    this.status = status;
  }
}

export async function ask(path, { method = "GET", body, signal } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) }).catch(unreached);
  const told = await answer.json().catch(unreached);
  if (!answer.ok) throw new Problem(told, answer.status);
  return told;
}

// Nothing came, or something that is not ours (a proxy's page): a sentence, not the browser's own words for it.
function unreached(fault) {
  if (fault.name === "AbortError") throw fault;
  throw new Problem({ detail: t("link.unreached") }, 0);
}
