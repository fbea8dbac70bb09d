// Asking the service. A problem (RFC 9457) becomes an Error whose message is the sentence that the service said. Who is no longer signed in goes
// to the sign-in and comes back; who was writing something is told so instead, and can sign in beside it.

import { facts, t } from "./words.js";

let csrf = facts.csrf; // what a change shows beside the cookie

export class Problem extends Error {
  constructor(told, status) {
    super(told.detail ?? told.title ?? String(status));
    this.told = told;
    this.status = status;
  }
}

// `body` is sent as JSON, a file as it is; `match` is the revision that a change was decided on.
export async function ask(path, { method = "GET", body, signal, match } = {}) {
  const [answer, told] = await send(path, method, body, signal, match);
  if (answer.ok) return told;
  if (answer.status === 401) return signIn();
  if (told.type === "urn:gridmap:problem:csrf_missing") return askAgain(path, method, body, signal, match);
  throw new Problem(told, answer.status);
}

async function send(path, method, body, signal, match) {
  const plain = body === undefined || body instanceof Blob;
  const headers = plain ? {} : { "Content-Type": "application/json" };
  if (match) headers["If-Match"] = `"${match}"`;
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method, headers, signal, body: plain ? body : JSON.stringify(body) }).catch(unreached);
  return [answer, answer.status === 204 ? null : await answer.json().catch(unreached)];
}

// Somebody signed in anew beside this page: the same person goes on, for another one the page is made anew.
async function askAgain(path, method, body, signal, match) {
  const [, session] = await send("/api/session", "GET");
  if (session.account !== facts.account) return leave(location.href);
  csrf = session.csrf;
  const [answer, told] = await send(path, method, body, signal, match);
  if (!answer.ok) throw new Problem(told, answer.status);
  return told;
}

export function signIn() {
  if ([...document.querySelectorAll("#panel textarea, #panel input")].some((field) => field.value.trim())) throw new Problem({ detail: t("link.signed_out") }, 401);
  return leave(`/sign-in?${new URLSearchParams({ next: location.pathname + location.search + location.hash })}`);
}

// The page is on its way out: nothing more is answered.
function leave(to) {
  location.assign(to);
  return new Promise(() => {});
}

// Nothing came, or something that is not ours (a proxy's page): a sentence, not the browser's own words for it.
function unreached(fault) {
  if (fault.name === "AbortError") throw fault;
  throw new Problem({ detail: t("link.unreached") }, 0);
}
