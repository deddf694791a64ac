"""The rooms of retention, whose calls get old at will, on each database."""

from tests.dispatch.retention.conftest import empty_database, keepers

__all__ = ["empty_database", "keepers"]
