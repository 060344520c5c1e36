"""Import of models of other programs: one file per format, found by `reader.readers`."""

from latentlab.explorer.import_.answers import check_choices, open_foreign
from latentlab.explorer.import_.foreign import describe, is_foreign

__all__ = ["check_choices", "describe", "is_foreign", "open_foreign"]
