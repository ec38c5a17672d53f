"""What every test starts from: an environment that says nothing of the shell it was started in."""

import signal

import pytest
from hypothesis import settings

# A busy machine is no bug: examples have no time limit; whole tests have pytest-timeout's.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

# A shell that starts pytest in the background makes it ignore Ctrl-C, and what ignores a signal hands that on.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "FORCE_COLOR",
        "HARNESS_STORE",
        "HARNESS_PROGRESS",
        "HARNESS_BLOCK",
        "HARNESS_PLUGINS",
    ):
        monkeypatch.delenv(name, raising=False)
