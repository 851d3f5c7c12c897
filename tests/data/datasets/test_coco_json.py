import pytest

from adaanchor_d2.data.datasets.coco_json import read_json
from adaanchor_d2.errors import InputError


@pytest.mark.parametrize(
    "content, words",
    [("", "not whole JSON"), ('{"images": [{"id"', "line 1, column 18"), ("\xff", "not JSON")],
)
def test_truncated_or_foreign_file(tmp_path, content, words):
    (tmp_path / "people.json").write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match=f"^Annotation file .*people.json .*{words}"):
        read_json(str(tmp_path / "people.json"), "Annotation file")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"people\.json cannot be read: No such file"):
        read_json(str(tmp_path / "people.json"), "Annotation file")
