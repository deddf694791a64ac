"""Tests of journal, incidents and calls that SQLite passes, run once more on PostgreSQL.

They are imported, not copied: the fixture ``room`` of this module is the one with PostgreSQL.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.store.engine import open_engine
from dispatch.store.metadata import metadata
from dispatch.store.upgrade import alembic_config, current_revision, newest_revision, upgrade
from tests.dispatch.incidents.test_api import (
    side,
    test_an_incident_by_hand,
    test_from_webhook_to_confirmed_call,
)
from tests.dispatch.plans.test_still_used import test_when_it_was_last_heard
from tests.dispatch.room import Room
from tests.dispatch.test_calls import (
    test_search_finds_by_words_unit_time_and_counts_all_pages,
)
from tests.dispatch.test_journal import (
    test_a_text_that_no_database_takes_is_set_aside_and_the_rest_written,
    test_an_emergency_in_mid_call_marks_call_and_transmission,
    test_an_event_the_schema_refuses_is_set_aside_and_holds_up_nothing,
    test_presses_texts_units_and_alarms_are_kept_with_their_steps,
)
from tests.postgres import Databases

__all__ = [
    "side",
    "test_a_text_that_no_database_takes_is_set_aside_and_the_rest_written",
    "test_an_emergency_in_mid_call_marks_call_and_transmission",
    "test_an_event_the_schema_refuses_is_set_aside_and_holds_up_nothing",
    "test_an_incident_by_hand",
    "test_from_webhook_to_confirmed_call",
    "test_presses_texts_units_and_alarms_are_kept_with_their_steps",
    "test_search_finds_by_words_unit_time_and_counts_all_pages",
    "test_when_it_was_last_heard",
]


@pytest.fixture
async def room(tmp_path: Path, postgres: Databases) -> AsyncIterator[Room]:
    """The room of the other tests, with its store on PostgreSQL."""
    made = Room(tmp_path, postgres.new())
    await made.start()
    for role in Role:
        made.add_person(role.value, role)
        if ROLE_ACTIONS[role]:
            made.grant(role, "North")
    await made.serve()
    try:
        yield made
    finally:
        await made.close()


def test_the_chain_makes_the_tables_of_the_code_up_and_down_and_up(postgres: Databases) -> None:
    url = postgres.new(empty=True)
    assert upgrade(url) == (None, newest_revision())
    assert differences(url) == []
    command.downgrade(alembic_config(url), "0006")
    assert current_revision(url) == "0006"
    upgrade(url)
    assert differences(url) == []


def differences(url: str) -> list[object]:
    """Return what the database has otherwise than the code, guards apart."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata))
    finally:
        engine.dispose()
