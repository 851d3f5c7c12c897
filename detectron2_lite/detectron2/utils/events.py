"""Events of a training, and where they are written."""

from .event_storage import EventStorage, get_event_storage, has_event_storage
from .event_writers import CommonMetricPrinter, EventWriter, JSONWriter, TensorboardXWriter
