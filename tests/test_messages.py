"""The form of the sentences that users see."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    path
    for folder in (
        *("adaanchor_d2/data", "adaanchor_d2/demo", "adaanchor_d2/engine", "adaanchor_d2/report"),
        *("demo", "tools"),
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
]
# A value (a path, a key), a capital letter, a config key, a flag or a parameter's name.
START = re.compile(r"\{|[A-Z]|--|[a-z]+_[a-z]+ ")


def sentences(path):
    """Yield (line, message) of the ``InputError(...)`` calls with a literal message."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputError":
            message = node.args[0]
            parts = message.values if isinstance(message, ast.JoinedStr) else [message]
            if all(isinstance(part, (ast.Constant, ast.FormattedValue)) for part in parts):
                texts = (getattr(part, "value", "") for part in parts)
                yield node.lineno, "".join(t if isinstance(t, str) else "{}" for t in texts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sentences_start_and_end_like_sentences(path):
    for line, sentence in sentences(path):
        assert START.match(sentence) and sentence.endswith((".", "{}")), (line, sentence)


def test_sentences_are_found():
    assert sum(len(list(sentences(path))) for path in FILES) > 60
