"""Callables that can be sent to another process."""

import cloudpickle


class PicklableWrapper:
    """A callable made picklable, closures and lambdas included."""

    def __init__(self, function):
        self._function = function._function if isinstance(function, PicklableWrapper) else function

    def __call__(self, *args, **kwargs):
        return self._function(*args, **kwargs)

    def __reduce__(self):
        return _restore, (cloudpickle.dumps(self._function),)


def _restore(data: bytes) -> PicklableWrapper:
    return PicklableWrapper(cloudpickle.loads(data))
