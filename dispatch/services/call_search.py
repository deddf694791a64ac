"""The call log's query, by its old name: see ``dispatch.calllog``."""

from dispatch.calllog.query import DEFAULT_LIMIT, MAX_LIMIT, CallQuery

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "CallQuery"]
