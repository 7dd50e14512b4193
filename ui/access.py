"""Who may do what: every request has a person, and every event and route declares the role it needs.

`ui.identity` says who asks; here and in `ui.page_access` it is decided whether they may. What nobody declared is
refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException, Request

from db.schema import Role
from db.store import Store
from m3ad.errors import Conflict
from m3ad.settings import Settings
from ui.context import Context

Check = Callable[[Request], str]
Guard = Callable[[Role], Check]
LARGEST_ID = 2**53 - 1  # the largest whole number a browser can name; a database may not take larger ones


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `leaves`: there is a session of ours, which a sign-out ends."""

    name: str
    role: Role
    leaves: bool = False


def who_asks(request: Request) -> Person:
    """The person of this request; `ui.identity` let nobody else this far."""
    found: Person = request.state.person
    return found


def make_guard(context: Context) -> Guard:
    """What gives FastAPI dependencies: `Depends(guard(Role.VIEWER))` is the person's name, or answers 403."""

    def guard(needed: Role) -> Check:
        def check(request: Request) -> str:
            return require(context.store, request, needed, request.url.path)

        check.needs = needed  # type: ignore[attr-defined]
        return check

    return guard


def require(store: Store, request: Request, needed: Role, what: str) -> str:
    """The person's name when their role covers what is needed; else the refusal is logged and answered with 403."""
    person = who_asks(request)
    if not person.role.covers(needed):
        store.log("access.refused", person.name, what=what, role=person.role, needs=needed)
        raise HTTPException(
            403, f"{person.name} is {person.role}, and this is for the role {needed}. Ask an admin for that role."
        )
    return person.name


def alone(settings: Settings) -> bool:
    """True without accounts and without single sign-on: one person works here, and may do everything."""
    return not (settings.login or settings.proxy_header or settings.oidc)


def require_safe(settings: Settings, store: Store) -> None:
    """Raises Conflict where the page would be open to others, or to nobody."""
    if alone(settings) and not loopback(settings.host):
        raise Conflict(
            f"Other machines could reach {settings.host}, and nobody would be asked who they are. Add people with "
            "`app.py user add NAME --role admin` and start with --login (or with single sign-on, see README), or leave "
            "--host away."
        )
    if settings.login and not settings.oidc and not any(user.removed is None for user in store.users()):
        raise Conflict("Nobody could sign in: there are no accounts. Add one: `app.py user add NAME --role admin`.")


def loopback(host: str) -> bool:
    """Whether an address leads to this machine only; names other than localhost may lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
