"""What only a server can do to a store: be away, go away, let somebody in who may do nothing, be named by a URL."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from db.store import Store
from m3ad.errors import Conflict, StaleRevision
from m3ad.records import NORMAL, Mode, NewCase
from tests.db.conftest import open_again
from tests.postgres import PASSWORD, Server

ROOT = Path(__file__).resolve().parents[2]


def refused(workspace: Path, url: str) -> str:
    """What a person is told, with every error behind it; the password is in none of them."""
    with pytest.raises(Conflict) as told:
        Store.open(workspace, url)
    error: BaseException | None = told.value
    while error is not None:
        assert PASSWORD not in repr(error)
        assert "%2F" not in repr(error)
        error = error.__cause__ or error.__context__
    return str(told.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_usual_ways_to_write_a_url_work(server: Server, migrated: str, tmp_path: Path, scheme: str) -> None:
    url = server.fresh(migrated)
    with Store.open(tmp_path, url.replace("postgresql", scheme, 1)) as store:
        assert store.facets().total == 0
        assert PASSWORD not in repr(store.engine)
    assert not (tmp_path / "store.db").exists()
    server.drop(url)


def test_a_server_that_cannot_be_reached_is_told_without_the_password(server: Server, tmp_path: Path) -> None:
    url = server.url("postgres")
    assert "cannot be opened" in refused(tmp_path, url.replace(f":{server.port}", ":1"))
    assert "password authentication failed" in refused(tmp_path, url.replace("s3cret", "wrong"))
    assert 'database "nowhere" does not exist' in refused(tmp_path, server.url("nowhere"))


def test_a_url_that_is_none_is_refused_without_the_password(server: Server, tmp_path: Path) -> None:
    url = server.url("postgres")
    assert "cannot be read" in refused(tmp_path, url.replace(f":{server.port}", ":port"))
    assert "as %40" in refused(tmp_path, f"postgresql://ann:{PASSWORD}@127.0.0.1/x".replace("/p@", "p@"))
    assert "not in mysql" in refused(tmp_path, url.replace("postgresql", "mysql"))


def test_without_the_driver_a_sentence_says_what_to_install(server: Server, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path; from db.store import Store; from m3ad.errors import Conflict\n"
        "try: Store.open(Path(sys.argv[1]), sys.argv[2])\n"
        "except Conflict as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), server.url("postgres")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "--extra postgres" in done.stdout, done.stderr


def test_who_may_make_no_tables_is_told_what_to_grant(server: Server, tmp_path: Path) -> None:
    server.run(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    url = server.fresh()
    try:
        assert "GRANT CREATE" in refused(tmp_path, url.replace("//studio:", "//guest:"))
    finally:
        server.drop(url)
        server.run("DROP ROLE guest")


def test_a_database_that_cannot_hold_every_name_is_refused(server: Server, tmp_path: Path) -> None:
    server.run("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    assert "make one with UTF8" in refused(tmp_path, server.url("narrow"))
    server.drop(server.url("narrow"))


def cut_off(server: Server, store: Store) -> None:
    """End every connection to the store's database, as a restarted server does."""
    name = store.engine.url.database
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_the_app_goes_on_after_the_server_was_restarted(
    server: Server, postgresql_store: Store, new_case: Callable[..., NewCase]
) -> None:
    case_id, _ = postgresql_store.add_case(new_case())
    cut_off(server, postgresql_store)
    assert postgresql_store.save_annotation(case_id, NORMAL, author="ann", based_on=0).revision == 1
    cut_off(server, postgresql_store)
    assert postgresql_store.latest_annotation(case_id).author == "ann"


def test_a_save_during_which_the_server_went_away_says_so_and_holds_nobody_up(
    server: Server, postgresql_store: Store
) -> None:
    def save() -> None:
        with postgresql_store.at_once(changes=True), open_again(postgresql_store) as other:
            postgresql_store.log("before", "ann")
            cut_off(server, postgresql_store)
            other.log("saved by another program", "bob")
            postgresql_store.log("after", "ann")

    with pytest.raises(Conflict, match="connection to the database was lost"):
        save()
    assert [event.actor for event in postgresql_store.events()] == ["bob"]


def test_numbers_beyond_32_bits_and_zeros_in_texts_are_kept(
    postgresql_store: Store, new_case: Callable[..., NewCase], answer: Callable[..., object]
) -> None:
    case_id, _ = postgresql_store.add_case(new_case())
    stored = postgresql_store.add_inspection(case_id, "demo\0", Mode.AUTO, 2**40, answer(True, True))
    assert postgresql_store.inspection(stored.id).seed == 2**40
    assert postgresql_store.inspection(stored.id).model == "demo?"
    assert postgresql_store.find_case("set", "no\0such") is None


def save(store: Store, case_id: int, author: str, note: str) -> bool:
    """Save on top of what is there; False when another program was quicker."""
    latest = store.latest_annotation(case_id)
    based_on = latest.revision if latest else 0
    try:
        store.save_annotation(case_id, NORMAL, author=author, note=note, based_on=based_on)
    except StaleRevision:
        return False
    return True


def test_programs_that_save_on_the_same_case_lose_nothing(store: Store, new_case: Callable[..., NewCase]) -> None:
    """Each program has connections of its own: only the database keeps them apart."""
    case_id, _ = store.add_case(new_case())
    start = threading.Barrier(4)

    def program(name: int) -> None:
        with open_again(store) as mine:
            start.wait()
            for note in range(6):
                while not save(mine, case_id, str(name), str(note)):
                    pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(program, range(4)))
    kept = store.annotations(case_id)
    assert [one.revision for one in kept] == list(range(1, 25))
    assert {(one.author, one.note) for one in kept} == {(str(a), str(n)) for a in range(4) for n in range(6)}
    assert store.facets().normal == 1
