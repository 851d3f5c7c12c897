"use strict";
// The gallery's data, unpacked from base64. N people, K keypoint types; index n * K + k.

const NO_PLACE = -32768;

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

/** Coordinates x, y, x, y, ... in image pixels; NaN where there is no place. */
function placesOf(text, unit) {
  const steps = new Int16Array(bytesOf(text));
  const places = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) places[i] = steps[i] === NO_PLACE ? NaN : steps[i] * unit;
  return places;
}

const MANY_KINDS = 30; // as on faces: drawn finely

function unpackSet(set) {
  set.numKinds = set.kinds.length;
  set.xy = placesOf(set.xy, set.unit);
  set.box = placesOf(set.box, set.unit);
  set.v = new Uint8Array(bytesOf(set.v));
  set.limit = new Float32Array(bytesOf(set.limit));
  set.outside = set.v.map((v, i) => v > 0 && isOutside(set, i) ? 1 : 0);
  set.runs.forEach((run) => unpackRun(set, run));
  return set;
}

function unpackRun(set, run) {
  run.xy = placesOf(run.xy, set.unit);
  run.score = run.score && new Float32Array(new Uint16Array(bytesOf(run.score))).map((step) => step / 65535);
  run.errorKind = run.errorKind && new Uint8Array(bytesOf(run.errorKind));
  run.anchor = run.anchor && placesOf(run.anchor, set.unit);
  run.distance = new Float32Array(set.v).map((v, i) => v > 0 ? distance(set.xy, run.xy, i) : NaN);
}

/** Infinite where the second has no place. */
function distance(first, second, i) {
  const x = first[2 * i] - second[2 * i], y = first[2 * i + 1] - second[2 * i + 1];
  const length = Math.sqrt(x * x + y * y); // Math.hypot takes ten times as long.
  return Number.isNaN(length) ? Infinity : length;
}

function isOutside(set, i) {
  const [width, height] = set.images[set.image[Math.floor(i / set.numKinds)]].size;
  const x = set.xy[2 * i], y = set.xy[2 * i + 1];
  return x < 0 || y < 0 || x > width || y > height;
}

/** "visible", "hidden" or "outside"; "" where the annotations do not tell. */
function stateOf(set, i) {
  if (set.outside[i]) return "outside";
  if (!set.tellsHidden) return "";
  return set.v[i] === 1 ? "hidden" : "visible";
}
