// The grid of cards: added in batches, drawn only near the window, one stop for the Tab key.

const BATCH = 120;

/** An error in units of the limit, in three digits. */
function times(error) {
  return `${error < 10 ? error.toFixed(2) : error.toPrecision(3)} × limit`;
}

class Gallery {
  constructor(sets) {
    this.sets = sets;
    this.form = document.getElementById("filter");
    this.list = document.getElementById("cards");
    this.moreButton = document.getElementById("more");
    this.current = 0;
    this.near = new IntersectionObserver((entries) => entries.forEach((e) => this.onNear(e)), { rootMargin: "600px" });
    this.end = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.addBatch(), { rootMargin: "900px" });
    this.viewer = new Viewer(document.getElementById("viewer"), (index) => this.setCurrent(index), () => this.focusCurrent());
    this.moreButton.addEventListener("click", () => this.addBatch());
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.form.addEventListener("input", (event) => event.target.name === "set" ? this.chooseSet() : this.apply());
    this.form.addEventListener("reset", () => setTimeout(() => this.chooseSet()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.set.replaceChildren(...sets.map((set, s) => new Option(set.name, s)));
    document.getElementById("set-field").hidden = sets.length < 2;
    this.chooseSet();
    this.end.observe(this.moreButton);
  }

  chooseSet() {
    const set = this.set = this.sets[Number(this.form.set.value)];
    if (!set.numKinds) unpackSet(set);
    const several = [new Option("any, each person once", ANY_RUN), new Option(`all ${set.runs.length}`, ALL_RUNS)];
    this.form.run.replaceChildren(...(set.runs.length > 1 ? several : []), ...set.runs.map((run, r) => new Option(run.title, r)));
    this.form.joint.replaceChildren(new Option("all", -1), ...set.kinds.map((name, k) => new Option(name, k)));
    this.fillStates();
    const hasKinds = set.runs.some((run) => run.errorKind);
    document.getElementById("kind-field").hidden = !hasKinds;
    this.form.kind.replaceChildren(new Option("any", -1), ...set.errorKinds.map((name, k) => new Option(name, k)));
    const hasScores = set.runs.some((run) => run.score);
    for (const option of this.form.order.options) {
      if (option.value.endsWith("sure")) option.hidden = option.disabled = !hasScores;
    }
    document.getElementById("visible-symbol").textContent = set.tellsHidden ? "annotated, visible" : "annotated";
    document.getElementById("hidden-symbol").hidden = !set.tellsHidden;
    document.getElementById("anchor-symbol").hidden = !set.runs.some((run) => run.anchor);
    document.getElementById("gallery-help").textContent = this.help(hasScores);
    this.apply();
  }

  fillStates() {
    const counts = {};
    this.set.v.forEach((v, i) => {
      const state = v > 0 && stateOf(this.set, i);
      if (state) counts[state] = (counts[state] || 0) + 1;
    });
    const names = this.set.tellsHidden ? ["visible", "hidden", "outside"] : ["outside"];
    const options = names.map((name) => {
      const option = new Option(`${name} (${(counts[name] || 0).toLocaleString("en")})`, name);
      option.disabled = !counts[name];
      return option;
    });
    this.form.state.replaceChildren(new Option("any", ""), ...options);
  }

  help(hasScores) {
    const { set } = this;
    const sentences = [`An error of 1 is ${set.limitName}: up to there a keypoint is right.`];
    if (!set.tellsHidden) sentences.push("The annotations do not tell hidden keypoints from visible ones, so only those outside of the image can be chosen.");
    if (!hasScores) sentences.push("No run gives a confidence.");
    if (!set.runs.some((run) => run.anchor)) sentences.push("The result files hold no anchors.");
    return sentences.join(" ");
  }

  choice() {
    const { form } = this;
    const isOwn = form.error.value === "range";
    document.getElementById("range-field").hidden = !isOwn;
    const limit = (field, empty) => field.value === "" ? empty : Number(field.value);
    const [from, to] = isOwn ? [limit(form.from, 0), limit(form.to, Number.MAX_VALUE)] : ERROR_RANGES[form.error.value];
    return { run: Number(form.run.value), joint: Number(form.joint.value), state: form.state.value, from, to, kind: Number(form.kind.value), order: form.order.value };
  }

  apply() {
    this.cards = findCards(this.set, this.choice());
    this.near.disconnect();
    this.list.replaceChildren();
    this.current = 0;
    const keypoints = this.cards.reduce((sum, card) => sum + card.kinds.length, 0);
    const people = new Set(this.cards.map((card) => card.person)).size;
    const number = (value) => value.toLocaleString("en");
    document.getElementById("gallery-count").textContent = this.cards.length
      ? `Keypoints: ${number(keypoints)}. People: ${number(people)} of ${number(this.set.count)}. Cards: ${number(this.cards.length)}.`
      : "No keypoint fits this choice.";
    this.addBatch();
  }

  addBatch() {
    const first = this.list.children.length;
    const cards = this.cards.slice(first, first + BATCH).map((card, n) => this.placeholder(card, first + n));
    this.list.append(...cards);
    cards.forEach((card) => this.near.observe(card));
    this.moreButton.hidden = this.list.children.length >= this.cards.length;
  }

  placeholder(card, index) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "card";
    button.dataset.index = index;
    button.tabIndex = index === this.current ? 0 : -1;
    const picture = document.createElement("span");
    picture.className = "card-picture";
    button.append(picture, ...this.captions(card).map(([name, text]) => {
      const line = document.createElement("span");
      line.className = name;
      line.textContent = text;
      return line;
    }));
    item.append(button);
    return item;
  }

  captions(card) {
    const { set } = this;
    const run = set.runs[card.run];
    const i = card.person * set.numKinds + card.kind;
    const state = stateOf(set, i);
    const place = card.error < Infinity ? `${run.distance[i].toFixed(1)} px, ${times(card.error)}` : "not found";
    const score = run.score && card.error < Infinity ? `conf. ${card.score.toFixed(2)}` : "";
    const kind = run.errorKind ? set.errorKinds[run.errorKind[i]] : "";
    const lines = [["card-kind", set.kinds[card.kind] + (state && `, ${state}`)], ["card-figures", place], ["card-figures", [kind, score].filter(Boolean).join(", ")]];
    return set.runs.length > 1 ? [...lines, ["card-run", run.title]] : lines;
  }

  onNear({ target, isIntersecting }) {
    const picture = target.querySelector(".card-picture");
    const card = this.cards[target.firstChild.dataset.index];
    if (!isIntersecting || !card) picture.replaceChildren();
    else if (!picture.firstChild) {
      picture.innerHTML = pictureOf(this.set, card.person, this.set.runs[card.run], card.kinds, card.kind, new Set(["gt", "pred"]), 18);
    }
  }

  onClick(event) {
    const button = event.target.closest(".card");
    if (!button) return;
    this.setCurrent(Number(button.dataset.index));
    this.viewer.open(this.set, this.cards, this.current);
  }

  onKey(event) {
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      Home: -this.current, End: this.cards.length - 1 - this.current }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = this.current + by;
    if (next < 0 || next >= this.cards.length) return;
    this.setCurrent(next);
    this.focusCurrent();
  }

  button(index) {
    while (index >= this.list.children.length && index < this.cards.length) this.addBatch();
    return this.list.children[index] && this.list.children[index].firstChild;
  }

  setCurrent(index) {
    const before = this.button(this.current);
    if (before) before.tabIndex = -1;
    this.current = index;
    this.button(index).tabIndex = 0;
  }

  focusCurrent() {
    const button = this.button(this.current);
    button.focus({ preventScroll: true });
    button.scrollIntoView({ block: "nearest" });
  }
}
