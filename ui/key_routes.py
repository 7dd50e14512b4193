"""Our own routes behind the list of keys: the person's own ones, one that is given, and the default ones back."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

from db.schema import Role
from m3ad.errors import Conflict, NotFound
from ui.access import Guard
from ui.context import Context
from ui.own_keys import Tabs, all_rows, give, give_back


class GivenKey(BaseModel):
    """One key for one command, as the browser sends it; see `ui.own_keys.give`."""

    tab: str = Field(max_length=20)
    name: str = Field(max_length=40)
    place: int = Field(ge=0, le=9)
    key: str = Field(max_length=40)


def add_key_routes(app: FastAPI, context: Context, guard: Guard, tabs: Tabs) -> None:
    """Register the routes on `app`; everybody may change their own keys."""
    store = context.store

    @app.get("/keys")
    def keys(user: str = Depends(guard(Role.VIEWER))) -> dict[str, Any]:
        return all_rows(store, user, tabs)

    # A header of our own: another site's page cannot send it without asking first, and is refused then.
    @app.post("/keys")
    def give_key(
        given: GivenKey, x_m3ad_keys: str = Header(), user: str = Depends(guard(Role.VIEWER))
    ) -> dict[str, Any]:
        try:
            give(store, user, tabs, given.tab, given.name, given.place, given.key)
        except Conflict as error:
            raise HTTPException(409, str(error)) from error
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        return all_rows(store, user, tabs)

    @app.delete("/keys/{tab}")
    def default_keys(tab: str, x_m3ad_keys: str = Header(), user: str = Depends(guard(Role.VIEWER))) -> dict[str, Any]:
        try:
            give_back(store, user, tabs, tab)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        return all_rows(store, user, tabs)
