// A person's picture: a part of the image, with the annotated and the predicted pose over it.

const CARD_MARGIN = 0.18;

/** The square around a person's box and annotated keypoints: [x, y, side, side]. */
function regionOf(set, person) {
  let [x1, y1, x2, y2] = set.box.slice(4 * person, 4 * person + 4);
  for (let i = person * set.numKinds; i < (person + 1) * set.numKinds; i++) {
    if (set.v[i] === 0 || set.outside[i]) continue;
    x1 = Math.min(x1, set.xy[2 * i]); x2 = Math.max(x2, set.xy[2 * i]);
    y1 = Math.min(y1, set.xy[2 * i + 1]); y2 = Math.max(y2, set.xy[2 * i + 1]);
  }
  const side = Math.max(x2 - x1, y2 - y1, 8) * (1 + 2 * CARD_MARGIN);
  return [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2, side, side];
}

/** The part of the image that is there: [x, y, width, height]. */
function wholeRegion(set, person) {
  const [x1, y1, x2, y2] = set.images[set.image[person]].region;
  return [x1, y1, x2 - x1, y2 - y1];
}

/**
 * SVG text. kinds: those whose error is drawn; marked: the one with a ring around its place, of a radius of
 * 1 / ringPart of the picture's width; layers: a Set of "gt", "pred", "anchor", "wide".
 */
function pictureOf(set, person, run, kinds, marked, layers, ringPart) {
  const image = set.images[set.image[person]];
  const [left, top, right, bottom] = image.region;
  const region = layers.has("wide") ? wholeRegion(set, person) : regionOf(set, person);
  const parts = [`<svg class="picture${set.numKinds > MANY_KINDS ? " fine" : ""}" viewBox="${region.map((v) => v.toFixed(2)).join(" ")}" aria-hidden="true">`,
    `<image href="data:image/jpeg;base64,${image.jpeg}" x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" preserveAspectRatio="none"/>`];
  if (layers.has("gt")) parts.push(poseOf(set, person, set.xy, "gt"));
  if (layers.has("pred")) {
    parts.push(poseOf(set, person, run.xy, "pred"));
    if (set.numKinds <= MANY_KINDS) parts.push(path(linesOf(set, person, kinds, set.xy, run.xy), "error"));
    parts.push(path(linesOf(set, person, [marked], set.xy, run.xy), "error marked"));
  }
  if (layers.has("anchor") && run.anchor) {
    parts.push(path(linesOf(set, person, kinds, run.anchor, run.xy), "to-anchor"));
    parts.push(path(kinds.map((k) => diamond(run.anchor, person * set.numKinds + k, region[2] / 90)).join(""), "anchor"));
  }
  parts.push(ring(set, person * set.numKinds + marked, region[2] / ringPart));
  return parts.join("") + "</svg>";
}

function poseOf(set, person, xy, name) {
  const start = person * set.numKinds;
  const isThere = (k) => set.v[start + k] > 0 && !Number.isNaN(xy[2 * (start + k)]);
  const bones = set.edges.filter(([a, b]) => isThere(a) && isThere(b))
    .map(([a, b]) => `M${at(xy, start + a)}L${at(xy, start + b)}`).join("");
  const shown = set.kinds.map((_, k) => k).filter(isThere);
  const isRing = (k) => name === "gt" && stateOf(set, start + k) === "hidden";
  const dots = (kinds) => kinds.map((k) => `M${at(xy, start + k)}h0`).join("");
  const rings = dots(shown.filter(isRing));
  return path(bones, `case`) + path(bones, `bones ${name}`)
    + path(dots(shown.filter((k) => !isRing(k))), "dots case") + path(dots(shown.filter((k) => !isRing(k))), `dots ${name}`)
    + path(rings, `dots ring ${name}`) + path(rings, "dots hole");
}

/** Lines between two places of each kind, where both are there. */
function linesOf(set, person, kinds, from, to) {
  return kinds.map((k) => person * set.numKinds + k)
    .filter((i) => !Number.isNaN(from[2 * i]) && !Number.isNaN(to[2 * i]))
    .map((i) => `M${at(from, i)}L${at(to, i)}`).join("");
}

function path(d, names) {
  return d && `<path class="${names}" d="${d}"/>`;
}

function at(xy, i) {
  return `${xy[2 * i].toFixed(1)} ${xy[2 * i + 1].toFixed(1)}`;
}

function diamond(xy, i, r) {
  const x = xy[2 * i], y = xy[2 * i + 1];
  return Number.isNaN(x) ? "" : `M${x - r} ${y}L${x} ${y - r}L${x + r} ${y}L${x} ${y + r}Z`;
}

function ring(set, i, r) {
  return `<circle class="marked case" cx="${set.xy[2 * i]}" cy="${set.xy[2 * i + 1]}" r="${r}"/>`
    + `<circle class="marked" cx="${set.xy[2 * i]}" cy="${set.xy[2 * i + 1]}" r="${r}"/>`;
}
