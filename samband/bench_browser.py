"""A real Chromium as a desk, for benchmarks and system tests (needs Playwright and Chromium)."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.model.errors import ConfigError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

FAKE_DEVICE = "--use-fake-device-for-media-stream"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    FAKE_DEVICE,
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


def chromium_path() -> str:
    """Return Chromium's path; raises ConfigError when there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise ConfigError("no Chromium found", hint="Install the Debian package chromium.")
    return path


@contextlib.contextmanager
def browser(
    *,
    microphone: Path | None = None,
    loop_microphone: bool = False,
    size: tuple[int, int] = (1920, 1080),
    dark: bool = True,
    sound: bool = True,
    sound_server: str | None = None,
) -> Iterator["BrowserContext"]:
    """Run headless Chromium. ``microphone`` is a WAV file that it speaks.

    Without ``sound`` the page has none before somebody clicks, as with a browser out of the box.
    ``sound_server`` is the address of a PulseAudio: its devices are the page's, none is made up.
    """
    from playwright.sync_api import sync_playwright

    flags = [flag for flag in FLAGS if sound_server is None or flag != FAKE_DEVICE]
    if sound:
        flags.append("--autoplay-policy=no-user-gesture-required")
    if microphone is not None:
        once = "" if loop_microphone else "%noloop"
        flags.append(f"--use-file-for-fake-audio-capture={microphone}{once}")
    with tempfile.TemporaryDirectory(prefix="samband-chromium-") as profile, sync_playwright() as p:
        context = p.chromium.launch_persistent_context(
            profile,
            executable_path=chromium_path(),
            headless=True,
            args=flags,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            permissions=["microphone"],
            env=None if sound_server is None else {**os.environ, "PULSE_SERVER": sound_server},
            ignore_default_args=None if sound_server is None else ["--mute-audio"],
        )
        try:
            yield context
        finally:
            context.close()


def sign_in(page: "Page", url: str, user: dict[str, str], position: str | None = "1") -> None:
    """Sign in and, with ``position``, take that position."""
    page.goto(url)
    page.get_by_test_id("signin-name").fill(user["name"])
    page.get_by_test_id("signin-password").fill(user["password"])
    page.get_by_test_id("signin-submit").click()
    if position is not None:
        page.get_by_test_id(f"position-{position}").click()
        page.get_by_test_id("ptt").wait_for()
        wait_js(page, "window.samband && window.samband.ready")


def wait_js(page: "Page", expression: str, *, seconds: float = 20) -> None:
    """Wait until an expression is true (Playwright's own wait needs eval: forbidden)."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"() => Boolean({expression})"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {seconds} s: {expression}")
        page.wait_for_timeout(20)


def first_load(url: str) -> dict[str, Any]:
    """Load the sign-in page cold; returns script kB transferred and ms until it can be used."""
    with browser() as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_test_id("signin-name").wait_for()
        result: dict[str, Any] = page.evaluate(
            """() => {
              const r = performance.getEntriesByType('resource');
              const script = r.filter(e => e.initiatorType === 'script' ||
                e.name.endsWith('.js') || e.initiatorType === 'link' && /\\.js/.test(e.name));
              return {
                script_kb: script.reduce((n, e) => n + e.transferSize, 0) / 1000,
                total_kb: r.reduce((n, e) => n + e.transferSize, 0) / 1000,
                shown_ms: performance.now(),
              };
            }"""
        )
        result["limit_script_kb"] = 300
        result["limit_shown_ms"] = 1000
        return result
