"""Brings a database to the newest schema: ``samband db upgrade``, and every start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dispatch.store.engine import open_engine

MIGRATIONS = Path(__file__).with_name("migrations")


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for one database; no file is read."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def newest_revision() -> str:
    """Return the revision that this program needs."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head() or ""


def current_revision(url: str) -> str | None:
    """Return the revision of a database, None for an empty one."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(url: str) -> tuple[str | None, str]:
    """Upgrade a database; returns the revision before and after."""
    before = current_revision(url)
    command.upgrade(alembic_config(url), "head")
    return before, newest_revision()
