"""A widget whose column gives way where there is little room."""

from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """What has a layout whose lines break, and is asked how tall it must be for a width.

    Qt would tell how tall it would like to be, and so scroll where it need not.
    """

    def heightForWidth(self, width: int) -> int:
        """Return how tall it must be at least."""
        layout = self.layout()
        return layout.totalMinimumHeightForWidth(width) if layout else -1
