"""The name that plug-ins of earlier versions know `latentlab.config` by."""

from latentlab.config import Config, Registry

__all__ = ["Config", "Registry"]
