"""Several people at the page: they sign in, are offered what they may do, are told what they may not, and sign out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from db.schema import Role
from db.store import Store
from m3ad.records import Verdict
from tests.browser.annotate_desk import Desk, add_case, picture
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import make_context

pytestmark = pytest.mark.browser
GOOD = "a good password"


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    store.add_user("vic", GOOD, Role.VIEWER)
    store.add_user("ann", GOOD, Role.ANNOTATOR)
    for name in ("one", "two"):
        add_case(store, picture(store.workspace, name, 320, 240))
    with served(make_context(store, login=True)) as made:
        yield made


def sign_in(page: Page, name: str, password: str = GOOD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def refusal(page: Page) -> Locator:
    return page.locator("dialog#m3-refused")


def unexpected(witness: Witness) -> list[str]:
    """Errors of scripts, but for what the browser itself says of an answer 401 or 403."""
    return [error for error in witness.errors if "Failed to load resource" not in error]


def test_a_viewer_looks_and_cannot_save_and_signs_out(page: Page, address: str, store: Store, witness: Witness) -> None:
    page.goto(f"{address}?tab=annotate&case=1")
    sign_in(page, "vic", "wrong")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    sign_in(page, "vic")
    expect(page.locator(".m3-header")).to_contain_text("vic")
    desk = Desk(page, store, address).at(1)

    desk.press("0")  # normal: a change that an annotator's page would keep as a draft
    page.wait_for_timeout(1500)
    expect(refusal(page)).to_be_hidden()
    desk.press("Control+s")
    expect(refusal(page)).to_contain_text("vic is viewer, and this is for the role annotator")
    refusal(page).get_by_role("button").click()
    assert store.latest_annotation(1) is None
    assert store.drafts("vic") == []
    assert {each.actor for each in store.events(event="access.refused")} == {"vic"}

    for tab, hidden in (("Inspect", "#inspect-accept"), ("Data", "#start-import"), ("Retrain", "#start-run")):
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.locator(hidden)).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{address}?tab=annotate&case=1")
    expect(page.get_by_label("Password")).to_be_visible()
    assert unexpected(witness) == []
    assert witness.foreign == []


def test_an_annotator_saves_and_is_told_when_the_session_ended(
    page: Page, address: str, store: Store, witness: Witness
) -> None:
    page.goto(f"{address}?tab=annotate&case=1")
    sign_in(page, "ann")
    expect(page.locator(".m3-header")).to_contain_text("ann")
    desk = Desk(page, store, address).at(1)
    desk.press("0", "Control+s")
    expect(desk.part("live")).to_contain_text("Saved as r1")
    saved = store.latest_annotation(1)
    assert saved is not None
    assert (saved.author, saved.verdict) == ("ann", Verdict(False))
    page.get_by_role("tab", name="Inspect", exact=True).click()
    rows = page.locator("#inspect-cases .m3-row")
    expect(rows).to_have_count(2)

    store.set_role("ann", Role.VIEWER)  # as an admin does at the command line: the next request of any kind tells it
    rows.nth(1).dispatch_event("click")  # also under the dialog: a request that was under way may have told already
    expect(refusal(page)).to_contain_text("not signed in any more")
    refusal(page).get_by_role("button", name="Sign in").click()
    sign_in(page, "ann")
    expect(page.locator(".m3-header")).to_contain_text("ann")
    expect(page.get_by_role("tab", name="Annotate", exact=True)).to_be_visible()
