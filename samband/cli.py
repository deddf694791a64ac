"""The command line: one table of commands, each loaded only when it is asked for."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from gateway.model.errors import ConfigError, RadioError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("samband.demo", "a whole radio room with simulated radios, in one command"),
    "run": ("samband.run_command", "the server, from a configuration file"),
    "setup": ("samband.setup_command", "first administrator, certificate, service unit"),
    "check-config": ("samband.check_config", "names every mistake in a configuration file"),
    "doctor": ("samband.doctor", "looks at ports, sound, rights and clock, in plain words"),
    "decode": ("samband.decode", "protocol lines in, one JSON object a line out"),
    "replay": ("samband.replay_command", "feeds a recorded exchange into a core"),
    "sim": ("samband.sim_command", "simulated radios"),
    "serial-server": ("samband.serial_server_command", "shares a serial port (RFC 2217)"),
    "codec": ("samband.codec_command", "WAV files to vocoder frames and back; plots"),
    "sound": ("samband.sound_command", "lists sound cards, sets levels by a measured tone"),
    "bench": ("samband.bench", "measures speed and cost"),
    "warm": ("samband.warm", "compiles the vocoders, runs every stage of the voice path once"),
    "audit": ("samband.audit_command", "verifies, shows and mirrors the audit log"),
    "evidence": ("samband.evidence_command", "verifies evidence packages"),
    "cameras": ("samband.cameras_command", "looks for ONVIF cameras, shows what one offers"),
    "retention": ("samband.retention_command", "what is over, certificates, master keys"),
    "policy": ("samband.policy_command", "checks and compares policies"),
    "witness": ("samband.witness_command", "remembers and cosigns other people's logs"),
    "users": ("samband.users_command", "adds, lists and disables people"),
    "plan": ("samband.plan_command", "checks, compares, activates and rolls back plans"),
    "import": ("samband.import_command", "reads talkgroup and unit lists"),
    "export": ("samband.export_command", "writes talkgroup and unit lists"),
    "db": ("samband.db_command", "upgrades the database"),
    "backup": ("samband.backup_command", "saves the state folder"),
    "restore": ("samband.restore_command", "brings a backup back and verifies it"),
}
EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def _overview() -> str:
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {words}" for name, (_, words) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: samband COMMAND [options]      (samband COMMAND --help shows an example)",
            "",
            "Open digital radio gateway and dispatch server (TETRA, P25).",
            "",
            "commands:",
            *lines,
            "",
            "example: samband demo",
        ]
    )


def _fail(error: RadioError) -> int:
    print(f"samband: {error}", file=sys.stderr)
    if isinstance(error, ConfigError):
        for fault in error.faults:
            print(f"  {fault}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return EXIT_FAILED


def _no_command(word: str) -> int:
    if word == "--version":
        from importlib.metadata import version

        print(f"samband {version('samband')}")
        return EXIT_DONE
    if word in ("", "-h", "--help", "help"):
        print(_overview())
        return EXIT_DONE if word else EXIT_USAGE
    print(f"samband: no command {word!r}; known: {', '.join(COMMANDS)}", file=sys.stderr)
    return EXIT_USAGE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 done, 1 failed, 2 wrong use."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in COMMANDS:
        return _no_command(words[0] if words else "")
    module = importlib.import_module(COMMANDS[words[0]][0])
    parser = argparse.ArgumentParser(prog="samband")
    module.add_parser(parser.add_subparsers(dest="command", required=True))
    args = parser.parse_args(words)
    try:
        return int(module.run(args))
    except RadioError as error:
        return _fail(error)
    except KeyboardInterrupt:
        return EXIT_FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_DONE
