"""The call log, by its old name: see ``dispatch.calllog``."""

from dispatch.calllog.log import CallLog

__all__ = ["CallLog"]
