"""Application state and requests: records without torch or Qt."""
