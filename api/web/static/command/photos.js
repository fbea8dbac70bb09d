// Photos: what came of an incident's is shown small and opens large; a step may bring one, a new report several, each named by its SHA-256.

import { ask } from "./ask.js";
import { el } from "./dom.js";
import { t } from "./words.js";

const KINDS = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic";

const at = (id, name) => `/api/incidents/${encodeURIComponent(id)}/photos/${name}`;

// Of what did not come yet, how many there are.
export function shots(p) {
  const here = p.photos.filter((photo) => photo.state === "here");
  const missing = p.photos.length - here.length;
  const shot = ({ sha256 }, n) => {
    const small = el("img", { src: `${at(p.number, sha256)}?size=small`, alt: t("photos.alt", { n: n + 1, issue: p.issue.name }), loading: "lazy" });
    return el("li", {}, el("a", { href: at(p.number, sha256), target: "_blank" }, small));
  };
  return [here.length ? el("ul", { class: "photos" }, here.map(shot)) : null, missing ? el("p", { class: "soft" }, t("photos.to_come", { n: missing })) : null];
}

export function chooser(id, { multiple = false } = {}) {
  return el("input", { class: "field", id, type: "file", accept: KINDS, multiple });
}

// Its name, once it is there. What a cut line left behind is not sent again in vain: the service goes on behind it.
export async function brought(id, file) {
  const name = await named(file);
  await ask(at(id, name), { method: "PUT", body: file });
  return name;
}

export async function named(file) {
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Bring those that a report named (`photos`: name to file), one after the other. Of those that did not arrive, why; one that fails holds up no other.
export async function bringAll(report, photos, tell) {
  const failed = new Map();
  let n = 0;
  for (const [name, file] of photos) {
    tell(t("report.photo_sending", { n: ++n, of: photos.size }));
    try {
      await ask(`/api/reports/${report}/photos/${name}`, { method: "PUT", body: file });
    } catch (fault) {
      failed.set(name, `${file.name}: ${fault.message}`);
    }
  }
  return failed;
}
