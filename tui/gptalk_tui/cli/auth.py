"""`auth status`, `auth login`, `auth logout`: the cached token, which is never printed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gptalk_client.errors import UsageError
from gptalk_client.settings import GPTALK, LOCAL
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import note, write

if TYPE_CHECKING:
    from gptalk_client.providers.auth_cache import AuthStatus
    from gptalk_client.providers.gptalk import GPTalk


@click.group(epilog=examples("gptalk-tui auth status"))
@pass_globals
def auth(context: Globals) -> None:
    """Manage the cached login for the GPTalk service."""


@auth.command(epilog=examples("gptalk-tui auth status --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_globals
def status(context: Globals, as_json: bool) -> None:
    """Show which logins are cached, for which address and until when. Tokens are never printed."""
    from gptalk_client.providers.auth_cache import AuthCache

    found = AuthCache(context.paths().auth).statuses()
    if as_json:
        write(json.dumps([as_fields(each) for each in found], indent=2) + "\n")
        return
    if not found:
        note("Not logged in; your first prompt logs in.")
    for each in found:
        write(in_words(each) + "\n")


@auth.command(epilog=examples("gptalk-tui auth login --url https://gptalk.net"))
@pass_globals
def login(context: Globals) -> None:
    """Request a new token from the service."""
    from gptalk_tui.cli.signals import run_until_signal

    provider = _service(context)

    async def sign_in() -> AuthStatus:
        try:
            return await provider.login()
        finally:
            await provider.aclose()

    note(in_words(run_until_signal(sign_in())))


@auth.command(epilog=examples("gptalk-tui auth logout"))
@pass_globals
def logout(context: Globals) -> None:
    """Delete the cached token for the service."""
    if _service(context).logout():
        note("Logged out.")
    else:
        note("Not logged in at this address.")


def as_fields(status: AuthStatus) -> dict[str, Any]:
    """Return a cached login as JSON fields; the time is ISO 8601 in UTC, null if unknown."""
    at = status.expires_at
    return {
        "url": status.url,
        "expires_at": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None,
        "is_expired": status.is_expired,
        "used_times": status.used_times,
    }


def in_words(status: AuthStatus) -> str:
    """Return a cached login as one line for people."""
    if status.expires_at is None:
        until = "logged in; the service didn't say for how long"
    elif status.is_expired:
        until = "expired"
    else:
        until = f"logged in for {_hours(status.expires_at - time.time())} more"
    replies = "reply" if status.used_times == 1 else "replies"
    return f"{status.url}: {until}. {status.used_times} {replies} so far."


def _hours(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _service(context: Globals) -> GPTalk:
    from gptalk_tui.factory import build_provider

    settings = context.settings()
    name = settings.provider or GPTALK
    if name == LOCAL or settings.provider_settings(name).type != "gptalk":
        raise UsageError(
            "Only the GPTalk service has a login.", hint="Add --provider gptalk, or its address with --url."
        )
    provider = build_provider(settings, context.paths(), note)
    from gptalk_client.providers.gptalk import GPTalk

    assert isinstance(provider, GPTalk)
    return provider
