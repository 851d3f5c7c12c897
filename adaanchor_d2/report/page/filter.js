// Which keypoints the filter lets through, and the cards they make: a card is a person and a run.

const ERROR_RANGES = {
  found: [0, Number.MAX_VALUE],
  right: [0, 1],
  wrong: [1, Number.MAX_VALUE],
  near: [1, 2],
  far: [2, Number.MAX_VALUE],
  missing: [Infinity, Infinity],
};
const BY_ERROR = (card) => card.error;
// What a card is sorted by, and whether high comes first; the keypoint that comes first stands for the card.
const ORDERS = {
  worst: [BY_ERROR, true],
  best: [BY_ERROR, false],
  sure: [(card) => card.score, true],
  unsure: [(card) => card.score, false],
  file: [BY_ERROR, true],
};

// Choices of runs: the cards of all, or of each person the first one only.
const ALL_RUNS = -1, ANY_RUN = -2;

/** choice: {run, joint (-1: all), state ("": any), from, to (units of the limit), kind (of error; -1: any), order}. */
function findCards(set, choice) {
  const cards = [];
  set.runs.forEach((run, r) => {
    if (choice.run < 0 || choice.run === r) addCards(cards, set, r, choice);
  });
  if (choice.order !== "file") {
    const [key, highFirst] = ORDERS[choice.order];
    const sign = highFirst ? -1 : 1;
    cards.sort((a, b) => compare(sign * key(a), sign * key(b)));
  } else {
    cards.sort((a, b) => a.person - b.person || a.run - b.run);
  }
  return choice.run === ANY_RUN ? firstOfEachPerson(cards) : cards;
}

function firstOfEachPerson(cards) {
  const seen = new Set();
  return cards.filter((card) => !seen.has(card.person) && seen.add(card.person));
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addCards(cards, set, r, choice) {
  const run = set.runs[r];
  const [key, highFirst] = ORDERS[choice.order];
  const first = choice.joint < 0 ? 0 : choice.joint;
  const last = choice.joint < 0 ? set.numKinds - 1 : choice.joint;
  for (let person = 0; person < set.count; person++) {
    let card = null;
    const kinds = [];
    for (let kind = first; kind <= last; kind++) {
      const i = person * set.numKinds + kind;
      if (!isLetThrough(set, run, i, choice)) continue;
      kinds.push(kind);
      const other = { run: r, person, kind, error: run.distance[i] / set.limit[i], score: run.score ? run.score[i] : NaN };
      if (!card || (highFirst ? key(other) > key(card) : key(other) < key(card))) card = other;
    }
    if (card) cards.push({ ...card, kinds });
  }
}

function isLetThrough(set, run, i, choice) {
  if (set.v[i] === 0 || (choice.state && stateOf(set, i) !== choice.state)) return false;
  if (choice.kind >= 0 && (!run.errorKind || run.errorKind[i] !== choice.kind)) return false;
  const error = run.distance[i] / set.limit[i];
  const isInRange = choice.from === 0 ? error >= 0 : error > choice.from || choice.from === Infinity;
  return isInRange && error <= choice.to && (choice.from < Infinity || error === Infinity);
}
