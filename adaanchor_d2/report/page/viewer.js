// The enlarged view of one card.

class Viewer {
  /** moved(index): called when another card is looked at; closed(): when the view is left. */
  constructor(dialog, moved, closed) {
    this.dialog = dialog;
    this.moved = moved;
    this.runField = dialog.querySelector("#viewer-run");
    this.layers = new Set(["gt", "pred"]);
    dialog.addEventListener("close", closed);
    dialog.addEventListener("keydown", (event) => this.onKey(event));
    dialog.addEventListener("click", (event) => this.onClick(event));
    dialog.addEventListener("change", (event) => this.onChange(event));
  }

  open(set, cards, index) {
    this.set = set;
    this.cards = cards;
    this.runField.replaceChildren(...set.runs.map((run, r) => new Option(run.title, r)));
    this.show(index);
    this.dialog.showModal();
  }

  show(index) {
    this.index = index;
    this.run = this.cards[index].run;
    this.draw();
    this.moved(index);
  }

  step(by) {
    const next = this.index + by;
    if (next >= 0 && next < this.cards.length) this.show(next);
  }

  stepRun(by) {
    const count = this.set.runs.length;
    this.run = (this.run + by + count) % count;
    this.draw();
  }

  draw() {
    const { set, run } = this;
    const card = this.cards[this.index];
    this.runField.value = run;
    const image = set.images[set.image[card.person]];
    this.dialog.querySelector("#viewer-title").textContent =
      `Person ${set.id[card.person]}, image ${image.id} (${(this.index + 1).toLocaleString("en")} of ${this.cards.length.toLocaleString("en")})`;
    const all = set.kinds.map((_, k) => k).filter((k) => set.v[card.person * set.numKinds + k] > 0);
    this.dialog.querySelector("#viewer-picture").innerHTML =
      pictureOf(set, card.person, set.runs[run], all, card.kind, this.layers, 40);
    this.dialog.querySelector("#anchor-layer").hidden = !set.runs[run].anchor;
    this.dialog.querySelector("#viewer-rows").replaceChildren(...this.rows(all, card));
    this.dialog.querySelector("#viewer-kind").hidden = !set.runs[run].errorKind;
    const steps = this.dialog.querySelectorAll("[data-step]");
    steps[0].disabled = this.index === 0;
    steps[1].disabled = this.index === this.cards.length - 1;
  }

  /** A table row for each labelled keypoint, the largest error first. */
  rows(kinds, card) {
    const { set } = this;
    const run = set.runs[this.run];
    const index = (k) => card.person * set.numKinds + k;
    const error = (k) => run.distance[index(k)] / set.limit[index(k)];
    return [...kinds].sort((a, b) => compare(-error(a), -error(b))).map((k) => {
      const i = index(k);
      const isFound = run.distance[i] < Infinity;
      const row = document.createElement("tr");
      row.classList.toggle("chosen", k === card.kind);
      row.classList.toggle("wrong", error(k) > 1);
      const cells = [set.kinds[k], stateOf(set, i), isFound ? run.distance[i].toFixed(1) : "not found",
        isFound ? error(k).toFixed(2) : "", run.score && isFound ? run.score[i].toFixed(2) : "",
        ...(run.errorKind ? [set.errorKinds[run.errorKind[i]]] : [])];
      cells.forEach((text, column) => {
        const cell = document.createElement(column ? "td" : "th");
        if (!column) cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    });
  }

  onKey(event) {
    if (event.target.matches("select, input[type=number]")) return;
    const move = { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1),
      ArrowUp: () => this.stepRun(-1), ArrowDown: () => this.stepRun(1) }[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  onClick(event) {
    const button = event.target.closest("button");
    if (event.target === this.dialog || (button && "close" in button.dataset)) this.dialog.close();
    else if (button) this.step(Number(button.dataset.step));
  }

  onChange(event) {
    const layer = event.target.dataset.layer;
    if (layer) this.layers[event.target.checked ? "add" : "delete"](layer);
    else this.run = Number(this.runField.value);
    this.draw();
  }
}
