// Asking the service. A problem (RFC 9457) becomes an Error whose message is the sentence that the service said.

export class Problem extends Error {
  constructor(told, status) {
    super(told.detail ?? told.title ?? String(status));
    this.told = told;
    this.status = status;
  }
}

export async function ask(path, { method = "GET", body, signal } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Problem(told, answer.status);
  return told;
}
