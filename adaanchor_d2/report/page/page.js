// Starts the gallery, and lets the legends hide and show lines.

document.querySelectorAll(".chip").forEach((chip) => chip.addEventListener("click", () => {
  const isShown = chip.getAttribute("aria-pressed") !== "true";
  document.querySelectorAll(`.chip[data-group="${chip.dataset.group}"]`).forEach((twin) => twin.setAttribute("aria-pressed", isShown));
  document.querySelectorAll(`.chart .group-${chip.dataset.group}`).forEach((line) => { line.style.display = isShown ? "" : "none"; });
}));

const galleries = JSON.parse(document.getElementById("gallery-data").textContent);
if (galleries.length) new Gallery(galleries);
