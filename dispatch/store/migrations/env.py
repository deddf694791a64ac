"""Alembic's environment: the database is given by the caller, offline SQL is not made here."""

from alembic import context

from dispatch.store.engine import open_engine
from dispatch.store.metadata import metadata

engine = open_engine(context.config.attributes["url"])
try:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
finally:
    engine.dispose()
