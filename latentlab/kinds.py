"""Former name of `latentlab.config`, kept for plug-ins written for earlier versions."""

from latentlab.config import Config, Registry

__all__ = ["Config", "Registry"]
