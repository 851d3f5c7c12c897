"""The one exception for mistakes in a user's input, its sentence, and how commands show it."""

import os
import sys
from collections.abc import Callable, Sequence

NUM_NAMED = 5


class InputError(ValueError):
    """Bad input. The message is one sentence that names the file, key, id or field at fault."""


def name_first(items: Sequence[object]) -> str:
    """Return the first few of many things at fault, and how many more there are."""
    more = len(items) - NUM_NAMED
    return ", ".join(map(str, items[:NUM_NAMED])) + (f" and {more} more" if more > 0 else "")


def describe_input_error(error: BaseException) -> str | None:
    """Return the sentence of an :class:`InputError`, or None when ``error`` is another kind.

    An error raised in a data-loader worker or a launched process reaches us as text: torch quotes
    the whole stack of the other process, whose last line is the sentence.
    """
    marker = f"{InputError.__module__}.{InputError.__qualname__}: "
    text = str(error).strip()
    if marker in text:
        return text.rsplit(marker, 1)[1].strip().partition("\n")[0]
    return text if isinstance(error, InputError) else None


def run_command(main: Callable[[], object]) -> None:
    """Run a command; on bad input print its one sentence to stderr and exit with status 2.

    A file that cannot be read or written is named with the system's reason. Ctrl-C ends the command
    with status 130 and no stack; a pipe that nobody reads any more ends it silently.
    """
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        sentence = describe_input_error(error)
        if sentence is None and isinstance(error, OSError) and error.filename:
            sentence = f"{error.filename}: {error.strerror}."
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        sys.exit(2)
