"""``samband plan`` by hand: check, diff, activate, history, rollback."""

import json
from pathlib import Path

import pytest

from dispatch.clock import SystemClock
from dispatch.plans.check import Checker
from dispatch.plans.toml import plan_toml
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from dispatch.store.tables import Alarm
from dispatch.store.upgrade import upgrade
from gateway.bus import InProcessBus
from gateway.model.ids import GatewayId
from samband.cli import main
from samband.plan_file import load_plan

PLAN = Path(__file__).parents[2] / "samband" / "demo_data" / "plan.toml"


@pytest.fixture
def url(tmp_path: Path) -> str:
    where = f"sqlite:///{tmp_path / 'samband.db'}"
    upgrade(where)
    store = Store(where)
    clock = SystemClock()
    LivePlan(store, InProcessBus(GatewayId("x"), clock, bytes), clock).load(load_plan(PLAN))
    store.close()
    return where


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    file = tmp_path / "winter.toml"
    file.write_text(PLAN.read_text().replace('"BRAND 1"', '"BRAND 9"'))
    return file


def test_check_names_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", str(PLAN)]) == 0
    assert "0 errors" in capsys.readouterr().out
    broken = tmp_path / "broken.toml"
    broken.write_text(
        PLAN.read_text().replace('name = "BRAND 1"', 'name = "BRAND 1"\nretention = "x"')
    )
    assert main(["plan", "check", str(broken), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["findings"][0]["rule"] == "RET-1"


def test_activate_diff_history_rollback(
    url: str, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "diff", "live", str(changed), "--db", url]) == 0
    assert "Name: BRAND 1 -> BRAND 9" in capsys.readouterr().out
    assert main(["plan", "activate", str(changed), "--db", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"plan": 2, "trial": True}
    assert main(["plan", "diff", "2", str(changed), "--db", url]) == 0
    assert capsys.readouterr().out == "no difference\n"
    back = ["plan", "rollback", "1", "--db", url, "--reason"]
    assert main([*back, "no"]) == 1
    assert main([*back, "it does not please"]) == 0
    assert main(["plan", "history", "--db", url]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[1] == "live: plan 1"
    assert "returned: rolled back to plan 1" in told


def test_an_exported_plan_is_the_same_plan(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "history", "--db", url, "--export", "1"]) == 0
    text = capsys.readouterr().out
    assert text == plan_toml(load_plan(PLAN))
    copy = tmp_path / "copy.toml"
    copy.write_text(text)
    assert load_plan(copy) == load_plan(PLAN)


def test_nothing_is_changed_while_an_emergency_waits(
    url: str, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(url)
    store.write_now(lambda db: db.add(Alarm(id="a-1", link="pei-1", sign="status", raised_utc=1)))
    store.close()
    assert main(["plan", "activate", str(changed), "--db", url]) == 1
    assert "not acknowledged" in capsys.readouterr().err


def test_a_site_that_wants_a_second_person_refuses(
    changed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "samband.toml"
    config.write_text(f'[store]\nstate = "{tmp_path}"\n')
    assert main(["plan", "activate", str(changed), "-c", str(config)]) == 1
    assert "second person" in capsys.readouterr().err


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text()
    assert [rule.id for rule in Checker().rules if f"| `{rule.id}` |" not in page] == []
