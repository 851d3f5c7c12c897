"""What a written data set is made of."""


def files_of(folder):
    """Return {path below the folder: content}."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
