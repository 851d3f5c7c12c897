"""The command line that writes synthetic data sets."""

import json

import pytest

from adaanchor_d2.data.synthetic import main
from adaanchor_d2.errors import InputError, run_command


def test_command_line(tmp_path, capsys):
    output = tmp_path / "made" / "set"
    flags = ["--num-train", "2", "--num-val", "1", "--max-people", "1", "--seed", "9"]
    main(["--output", str(output), *flags])
    content = json.loads((output / "annotations" / "person_keypoints_train2017.json").read_text())
    assert len(content["images"]) == 2
    assert content["info"]["options"]["max_people"] == 1
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        run_command(lambda: main(["--output", str(output), *flags]))
    assert leaving.value.code == 2
    message = capsys.readouterr().err
    assert message == (
        f"error: {output} is not empty; pass --overwrite to replace the data set in it.\n"
    )


def test_options_of_another_layout_are_refused(tmp_path):
    with pytest.raises(InputError, match="--max-faces is no option of the layout coco"):
        main(["--output", str(tmp_path / "set"), "--max-faces", "2"])
    with pytest.raises(InputError, match="--max-people is no option of the layout wflw"):
        main(["--output", str(tmp_path / "set"), "--layout", "wflw", "--max-people", "2"])
