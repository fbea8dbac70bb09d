"""Gridmap: the software with which a county runs its grid."""

from gridmap.version import __version__

__all__ = ["__version__"]
