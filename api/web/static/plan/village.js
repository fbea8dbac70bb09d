// One village of a draft as the service has it, and the moves that are sent to it. What was sent and not yet answered is kept in the browser:
// a page that is shut, or a service that does not answer, loses no move.

import { Problem, ask } from "../command/ask.js";
import { t } from "../command/words.js";

const AGAIN_MS = 4000;

export class Village extends EventTarget {
  told = null; // what the service said last
  busy = false;
  changes = false; // whether whoever looks may change anything

  constructor(draft, code) {
    super();
    this.base = `/api/drafts/${encodeURIComponent(draft)}`;
    this.code = code;
  }

  async load() {
    this.told = await ask(`${this.base}/villages/${encodeURIComponent(this.code)}`);
    this.dispatchEvent(new Event("change"));
  }

  row(code) {
    return this.told.balance.find((row) => row.code === code);
  }

  feature(code) {
    return this.told.cells.find((cell) => cell.id === code);
  }

  // The borders between two cells of the village; those that one cell has.
  get inner() {
    return (this.told.arcs ?? []).filter((arc) => arc.right);
  }

  neighbours(code) {
    const found = this.inner.filter((arc) => arc.left === code || arc.right === code);
    return [...new Set(found.map((arc) => (arc.left === code ? arc.right : arc.left)))].sort();
  }

  homes(code) {
    return (this.told.households ?? []).filter((home) => home[4] === code);
  }

  // What waits to be sent, if anything does: with the tab, so a reload keeps it, and nobody else at this machine finds it.
  get waiting() {
    return history.state?.waiting ?? null;
  }

  #keep(waiting) {
    history.replaceState({ waiting }, "");
  }

  move(body) {
    return this.send("moves", body);
  }

  step(what) {
    return this.send(what, { village: this.code });
  }

  // Sends a change on the revision that is shown. Whoever else changed other cells meanwhile does no harm: then it is sent once more.
  async send(what, body) {
    if (this.busy) return null;
    this.#keep({ what, body, revision: this.told.revision });
    return this.#sendWaiting();
  }

  async #sendWaiting() {
    const { what, body, revision } = this.waiting;
    this.#work(true);
    try {
      const told = await this.#sent(what, body, revision);
      this.#keep(null);
      await this.load();
      return told;
    } catch (fault) {
      if (fault.status === 0 || fault.status === 503) {
        setTimeout(() => this.again(), AGAIN_MS);
        throw new Problem({ detail: t("plan.unsent") }, 0);
      }
      this.#keep(null);
      if (fault.status === 412) await this.load();
      throw fault;
    } finally {
      this.#work(false);
    }
  }

  async #sent(what, body, revision) {
    try {
      return await ask(`${this.base}/${what}`, { method: "POST", body, match: revision });
    } catch (fault) {
      if (fault.status !== 412 || !fault.told.again) throw fault;
      const told = await ask(`${this.base}/${what}`, { method: "POST", body, match: fault.told.revision });
      return { ...told, beside: fault.told.who };
    }
  }

  // Sends what waits; says nothing where nothing does.
  async again() {
    if (!this.waiting || this.busy) return;
    try {
      const told = await this.#sendWaiting();
      this.dispatchEvent(new CustomEvent("sent", { detail: told }));
    } catch (fault) {
      this.dispatchEvent(new CustomEvent("refused", { detail: fault }));
    }
  }

  #work(busy) {
    this.busy = busy;
    this.dispatchEvent(new Event("busy"));
  }
}
