"""One channel per process, with the policy that lies beside the protos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from farm.clients import channel, states
from farm.clients.channel import channel_to, close_channels, service_config

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

PROTOS = Path(__file__).parents[3] / "protos"


def test_a_target_has_one_channel(target: str) -> None:
    assert channel_to(target) is channel_to(target)


def test_a_forked_child_opens_its_own(target: str) -> None:
    inherited = channel_to(target)
    channel._forget_after_fork()  # what os.register_at_fork runs in the child

    assert channel_to(target) is not inherited
    assert inherited in channel._inherited

    channel._inherited.remove(inherited)
    inherited.close()


def test_the_packaged_policy_is_the_one_beside_the_protos() -> None:
    assert service_config() == (PROTOS / "ndvi_service_config.json").read_text("utf-8")


def test_only_unavailable_is_retried() -> None:
    methods = json.loads(service_config())["methodConfig"]

    assert [method["retryPolicy"]["retryableStatusCodes"] for method in methods] == [
        ["UNAVAILABLE"]
    ]


def test_a_running_service_serves(target: str, settings: SettingsWrapper) -> None:
    settings.NDVI_TARGET = target

    (state,) = states.service_states(timeout_s=5)

    assert (state.name, state.is_serving, state.detail) == ("furrow-ndvi", True, "")


def test_a_dead_service_is_an_answer(tmp_path: Path, settings: SettingsWrapper) -> None:
    settings.NDVI_TARGET = f"unix:{tmp_path / 'nobody.sock'}"

    (state,) = states.service_states(timeout_s=2)

    assert not state.is_serving
    assert "not running" in state.detail
    close_channels()
