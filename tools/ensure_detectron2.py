"""Install detectron2_lite where there is no Detectron2 at all; leave any other one alone.

A bare clone's folder imports as an empty namespace package, so ``detectron2.config`` is probed.
"""

import importlib
import subprocess
import sys
from pathlib import Path

LITE = Path(__file__).resolve().parents[1] / "detectron2_lite"


def main() -> None:
    try:
        importlib.import_module("detectron2.config")
    except ModuleNotFoundError as error:
        if error.name not in ("detectron2", "detectron2.config"):
            sys.exit(f"error: The Detectron2 that is installed here does not import: {error}.")
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "-e", str(LITE)], check=True
        )
        print("Installed detectron2_lite (there was no Detectron2 in this environment).")
    except Exception as error:
        sys.exit(f"error: The Detectron2 that is installed here does not import: {error!r}.")
    else:
        detectron2 = importlib.import_module("detectron2")
        version = getattr(detectron2, "__version__", "of unknown version")
        print(f"Using Detectron2 {version} at {Path(detectron2.__file__).parent}.")


if __name__ == "__main__":
    main()
