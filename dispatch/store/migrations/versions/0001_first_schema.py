"""First schema: people and grants, plan, calls, units, messages, alarms, audit, incidents."""

import sqlalchemy as sa
from alembic import op

from dispatch.audit.tables import GUARDS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 (one statement a table)
    """Make all tables, and the guards of the audit log."""
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("object_type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("access", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_object"), ["object"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_user"), ["user"], unique=False)

    op.create_table(
        "alarm",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=True),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("raised_utc", sa.BigInteger(), nullable=False),
        sa.Column("shown_utc", sa.BigInteger(), nullable=True),
        sa.Column("shown_position", sa.String(), nullable=True),
        sa.Column("ack_utc", sa.BigInteger(), nullable=True),
        sa.Column("ack_by", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("way_reason", sa.String(), nullable=False),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.Column("latitude_deg", sa.Float(), nullable=True),
        sa.Column("longitude_deg", sa.Float(), nullable=True),
        sa.Column("error_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_raised_utc"), ["raised_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_alarm_talkgroup"), ["talkgroup"], unique=False)

    op.create_table(
        "alarm_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alarm_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_step_alarm"), ["alarm"], unique=False)

    op.create_table(
        "audit_log",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq >= 0", name="audit_log_seq_not_negative"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "audit_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx"),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("call_seq", sa.Integer(), nullable=True),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=True),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("late_entry", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("hold_reason", sa.String(), nullable=False),
        sa.Column("erased_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "call_seq"),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_expires_utc"), ["expires_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_started_utc"), ["started_utc"], unique=False)
        batch_op.create_index(
            "ix_call_talkgroup_started", ["talkgroup", "started_utc"], unique=False
        )

    op.create_table(
        "camera",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name_at_source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("latitude_deg", sa.Float(), nullable=True),
        sa.Column("longitude_deg", sa.Float(), nullable=True),
        sa.Column("bearing_deg", sa.Float(), nullable=True),
        sa.Column("range_m", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("camera", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_group"), ["group"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_source"), ["source"], unique=False)

    op.create_table(
        "camera_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("src_event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("t_event_utc", sa.BigInteger(), nullable=False),
        sa.Column("t_recv_utc", sa.BigInteger(), nullable=False),
        sa.Column("t_skew_ms", sa.Integer(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("raw_sha256", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("incident", sa.String(), nullable=True),
        sa.Column("retention", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "source", "src_event_id", "phase", "raw_sha256", name="camera_event_once"
        ),
    )
    with op.batch_alter_table("camera_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_event_camera"), ["camera"], unique=False)
        batch_op.create_index(
            "ix_camera_event_incident_time", ["incident", "t_event_utc"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_camera_event_t_event_utc"), ["t_event_utc"], unique=False
        )

    op.create_table(
        "camera_source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since_utc", sa.BigInteger(), nullable=False),
        sa.Column("last_event_utc", sa.BigInteger(), nullable=True),
        sa.Column("skew_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at_utc", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("scope_kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("actions", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=True),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_utc", sa.BigInteger(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("last_event_utc", sa.BigInteger(), nullable=False),
        sa.Column("closed_utc", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("close_reason", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=True),
        sa.Column("camera_group", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("latitude_deg", sa.Float(), nullable=True),
        sa.Column("longitude_deg", sa.Float(), nullable=True),
        sa.Column("range_m", sa.Float(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("storm", sa.Boolean(), nullable=False),
        sa.Column("storm_events", sa.Integer(), nullable=False),
        sa.Column("skew_ms", sa.Integer(), nullable=True),
        sa.Column("clock_note", sa.String(), nullable=False),
        sa.Column("retention", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("label"),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_camera"), ["camera"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_opened_utc"), ["opened_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_state"), ["state"], unique=False)

    op.create_table(
        "incident_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
    op.create_table(
        "incident_possibly_same",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "other"),
    )
    op.create_table(
        "incident_storm",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "camera", "reason"),
    )
    op.create_table(
        "incident_suggestion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident", "call", name="incident_suggestion_once"),
    )
    with op.batch_alter_table("incident_suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_suggestion_call"), ["call"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_incident_suggestion_incident"), ["incident"], unique=False
        )

    op.create_table(
        "incident_talkgroup",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "talkgroup"),
    )
    op.create_table(
        "incident_timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("incident_timeline", schema=None) as batch_op:
        batch_op.create_index("ix_incident_timeline_incident", ["incident", "id"], unique=False)

    op.create_table(
        "journal_mark",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incoming", sa.Boolean(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_reason", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_utc", sa.BigInteger(), nullable=True),
        sa.Column("immediate", sa.Boolean(), nullable=False),
        sa.Column("coding", sa.String(), nullable=False),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("raw_hex", sa.Text(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_expires_utc"), ["expires_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_t_utc"), ["t_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_talkgroup"), ["talkgroup"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_call"), ["call"], unique=False)

    op.create_table(
        "plan",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("activated_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "position_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("taken_utc", sa.BigInteger(), nullable=False),
        sa.Column("left_utc", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("handover_text", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("position_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_position_log_position"), ["position"], unique=False)

    op.create_table(
        "press",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("requested_utc", sa.BigInteger(), nullable=False),
        sa.Column("queued_utc", sa.BigInteger(), nullable=True),
        sa.Column("granted_utc", sa.BigInteger(), nullable=True),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("transmission", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("wait_ms", sa.Integer(), nullable=True),
        sa.Column("on_air_ms", sa.Integer(), nullable=False),
        sa.Column("discarded_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("request"),
    )
    with op.batch_alter_table("press", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_press_requested_utc"), ["requested_utc"], unique=False)
        batch_op.create_index(batch_op.f("ix_press_talkgroup"), ["talkgroup"], unique=False)

    op.create_table(
        "recording_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transmission", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("closed_utc", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("transmission", "kind"),
    )
    with op.batch_alter_table("recording_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_file_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_recording_file_transmission"), ["transmission"], unique=False
        )

    op.create_table(
        "transmission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("talker", sa.String(), nullable=True),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("late_entry", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("lost_frames", sa.Integer(), nullable=False),
        sa.Column("not_recorded", sa.String(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.Column("erased_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("transmission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transmission_call"), ["call"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transmission_expires_utc"), ["expires_utc"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_transmission_started_utc"), ["started_utc"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_transmission_talker"), ["talker"], unique=False)

    op.create_table(
        "unit_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("latitude_deg", sa.Float(), nullable=False),
        sa.Column("longitude_deg", sa.Float(), nullable=False),
        sa.Column("error_m", sa.Float(), nullable=True),
        sa.Column("age_s", sa.Integer(), nullable=True),
        sa.Column("speed_kmh", sa.Float(), nullable=True),
        sa.Column("direction_deg", sa.Float(), nullable=True),
        sa.Column("reason", sa.Integer(), nullable=True),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("unit_position", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unit_position_expires_utc"), ["expires_utc"], unique=False
        )
        batch_op.create_index("ix_unit_position_unit_t", ["unit", "t_utc"], unique=False)

    op.create_table(
        "unit_state",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("status_value", sa.Integer(), nullable=True),
        sa.Column("status_digit", sa.String(), nullable=False),
        sa.Column("status_words", sa.String(), nullable=False),
        sa.Column("status_kind", sa.String(), nullable=False),
        sa.Column("status_utc", sa.BigInteger(), nullable=True),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("last_heard_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("unit"),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_person"), ["person"], unique=False)

    op.create_table(
        "webhook_seen",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "webhook_id"),
    )
    with op.batch_alter_table("webhook_seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_seen_t_utc"), ["t_utc"], unique=False)

    op.create_table(
        "desk_state",
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_utc", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "invitation",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=True),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.Column("used_utc", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_user"), ["user"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        for statement in GUARDS:
            op.execute(statement)


def downgrade() -> None:
    """Refuse: the audit log of a first schema cannot be taken away."""
    raise RuntimeError("there is nothing before the first schema; restore a backup instead")
