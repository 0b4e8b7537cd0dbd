"""The agent: runs collectors, keeps the store, reapplies the framework, exports the result."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("leverwatch")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0.0.0"
