"""The design's arrows point one way: who may import whom is read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "adaanchor_d2"
# Package -> the packages of adaanchor_d2 that its files may import, beside itself.
ALLOWED = {
    "data": set(),
    "modeling/anchors": set(),
    "modeling/losses": {"modeling/anchors"},
    "modeling/decoders": {"modeling/anchors"},
    "modeling/heads": {"modeling/anchors", "modeling/losses", "modeling/decoders"},
    "modeling/backbone": set(),
    "modeling/meta_arch": {
        "modeling/anchors",
        "modeling/backbone",
        "modeling/decoders",
        "modeling/heads",
        "modeling/score_calibration",
    },
    "evaluation": {"data"},
    "analysis": {"data", "evaluation", "modeling/score_calibration"},
    "engine": {"data", "modeling", "evaluation"},
    "visualization": {"data"},
    "demo": {"data", "evaluation", "engine", "visualization"},
    "report": {"data", "evaluation", "analysis", "visualization"},
    "weights": {"engine"},
    "experiments": {"data", "evaluation", "engine", "visualization"},
    "export": {"data", "modeling", "engine", "version"},
}
TORCH_ONLY = ("modeling/anchors", "modeling/losses")


def imports_of(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports."""
    package = path.relative_to(ROOT).parent.parts
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            names.add(".".join((*base, *(node.module or "").split("."))).strip("."))
    return names


def files_of(package: str) -> list[Path]:
    return sorted((PACKAGE / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_packages_import_only_what_the_design_allows(package):
    assert files_of(package)
    allowed = ALLOWED[package] | {package, "errors", "config"}
    for path in files_of(package):
        for name in imports_of(path):
            if name.startswith("adaanchor_d2."):
                inside = name.removeprefix("adaanchor_d2.").replace(".", "/")
                assert any(inside == a or inside.startswith(a + "/") for a in allowed), (
                    f"{path.relative_to(ROOT)} imports {name}"
                )


@pytest.mark.parametrize("package", TORCH_ONLY)
def test_the_method_depends_on_torch_alone(package):
    for path in files_of(package):
        outside = {name.split(".")[0] for name in imports_of(path)}
        assert outside <= {"torch", "dataclasses", "adaanchor_d2"}, path


def test_what_is_copied_beside_exported_networks_needs_numpy_alone():
    outside = {name.split(".")[0] for name in imports_of(PACKAGE / "deployment.py")}
    assert outside <= {"collections", "json", "typing", "numpy"}


def test_lite_never_imports_the_project():
    for path in (ROOT / "detectron2_lite").rglob("*.py"):
        assert not any(name.startswith("adaanchor_d2") for name in imports_of(path)), path


def test_meta_architectures_name_no_anchor_rule():
    for path in files_of("modeling/meta_arch"):
        text = path.read_text()
        assert not any(rule in text for rule in ("AdaAnchor", "FixAnchor", "HeatmapHead"))
