"""Data sets and what is known about them, by name."""

from collections import UserDict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class _Catalog(UserDict):
    def list(self) -> list[str]:
        """Return the registered names."""
        return [*self]

    def remove(self, name: str) -> None:
        """Forget a name."""
        self.pop(name)


class _DatasetCatalog(_Catalog):
    """Names -> functions that return the data set as a list of dicts."""

    def register(self, name: str, func: Callable[[], list[dict]]) -> None:
        """Register a function; it takes nothing and always returns the same records."""
        assert callable(func), f"{name} must be registered with a function, not with {func!r}."
        assert name not in self, f"The name '{name}' is already registered."
        self[name] = func

    def get(self, name: str) -> list[dict]:
        """Call the function of ``name``; KeyError when it is not registered."""
        if name not in self:
            raise KeyError(f"No data set '{name}' is registered; there are: {', '.join(self)}")
        return self[name]()


class Metadata(SimpleNamespace):
    """What is known about one data set, as attributes; each can be given one value only."""

    def __setattr__(self, key: str, value: Any) -> None:
        known = self.get(key, value)
        assert known == value, (
            f"'{key}' of data set '{self.get('name')}' is {known}, and cannot become {value}."
        )
        super().__setattr__(key, known)

    def __getattr__(self, key: str) -> Any:
        raise AttributeError(
            f"The metadata of data set '{self.get('name')}' has no '{key}', only "
            f"{', '.join(self.__dict__)}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as a dict."""
        return dict(self.__dict__)

    def set(self, **kwargs: Any) -> "Metadata":
        """Set several attributes; returns itself."""
        for key, value in kwargs.items():
            setattr(self, key, value)
        return self

    def get(self, key: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        return self.__dict__.get(key, default)


class _MetadataCatalog(_Catalog):
    """Names -> :class:`Metadata`."""

    def get(self, name: str) -> Metadata:
        """Return the metadata of ``name``; new and empty on first use."""
        assert name, "A dataset needs a name."
        if name not in self:
            self[name] = Metadata(name=name)
        return self[name]


DatasetCatalog = _DatasetCatalog()
MetadataCatalog = _MetadataCatalog()
