"""Who gets in, how a right password is remembered, and that no user can be told from nobody."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.web.transport.passwords import Passwords
from leverwatch.agent.web.transport.turns import TooManyWaiting

COST = 10


def hashed(password: bytes, cost: int = 4) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that bcrypt was asked about, in order."""
    asked: list[bytes] = []
    check = bcrypt.checkpw

    def counted(password: bytes, against: bytes) -> bool:
        asked.append(against)
        return check(password, against)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return asked


def test_the_right_password_gets_in_and_others_do_not() -> None:
    passwords = Passwords({"alice": hashed(b"one"), "bob": hashed(b"two")})

    assert passwords.accept("alice", b"one")
    assert passwords.accept("bob", b"two")
    assert not passwords.accept("alice", b"two")
    assert not passwords.accept("alice", b"")
    assert not passwords.accept("nobody", b"one")


def test_a_hash_made_by_htpasswd_works() -> None:
    # htpasswd -nbBC 10 prometheus example
    passwords = Passwords({"prometheus": "$2y$10$w15HdcD30FBsorEqFj8SzecLVeIwcWB8BNV2i332rfjIQsTcG0OiK"})

    assert passwords.accept("prometheus", b"example")
    assert not passwords.accept("prometheus", b"Example")


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
def test_hashes_of_every_program_work(kind: str) -> None:
    passwords = Passwords({"alice": hashed(b"test").replace("2b", kind, 1)})

    assert passwords.accept("alice", b"test")
    assert not passwords.accept("alice", b"Test")


def test_a_right_password_is_checked_once_and_a_wrong_one_every_time(calls: list[bytes]) -> None:
    passwords = Passwords({"alice": hashed(b"one")})

    assert [passwords.accept("alice", b"one") for _ in range(5)] == [True] * 5
    assert len(calls) == 1
    assert [passwords.accept("alice", b"wrong") for _ in range(3)] == [False] * 3
    assert len(calls) == 4


def test_what_is_remembered_is_neither_the_password_nor_its_plain_hash() -> None:
    first, second = (Passwords({"alice": hashed(b"one")}) for _ in range(2))
    for passwords in (first, second):
        assert passwords.accept("alice", b"one")

    assert first._right["alice"] != second._right["alice"]
    assert b"one" not in first._right["alice"]


def test_one_users_password_opens_no_other_user() -> None:
    passwords = Passwords({"alice": hashed(b"one"), "bob": hashed(b"two")})
    assert passwords.accept("alice", b"one")

    assert not passwords.accept("bob", b"one")
    assert not passwords.accept("eve", b"one")


def test_an_unknown_user_costs_as_much_as_the_dearest_known_one(calls: list[bytes]) -> None:
    passwords = Passwords({"alice": hashed(b"one", 4), "bob": hashed(b"two", 6)})

    assert not passwords.accept("nobody", b"x")
    assert calls[0].split(b"$")[2] == b"06"


def test_a_wrong_password_costs_as_much_as_the_dearest_whosever_it_is(calls: list[bytes]) -> None:
    passwords = Passwords({"alice": hashed(b"one", 4), "bob": hashed(b"two", 6)})

    def steps(user: str, password: bytes) -> int:
        calls.clear()
        assert not passwords.accept(user, password)
        return sum(1 << int(against.split(b"$")[2]) for against in calls)

    asked = [("nobody", b"x"), ("alice", b"x"), ("bob", b"x"), ("alice", b"o\0e")]
    assert [steps(user, password) for user, password in asked] == [1 << 6] * 4


def test_a_remembered_password_waits_for_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords({"alice": hashed(b"one")})
    assert passwords.accept("alice", b"one")
    begun, go_on = threading.Event(), threading.Event()

    def endless(_password: bytes, _against: bytes) -> bool:
        begun.set()
        assert go_on.wait(30)
        return False

    monkeypatch.setattr(bcrypt, "checkpw", endless)
    with ThreadPoolExecutor(4) as pool:
        guesses = [pool.submit(passwords.accept, "alice", b"wrong", "guesser") for _ in range(4)]
        assert begun.wait(30)
        while passwords._turns.length < 4:
            time.sleep(0.01)

        assert passwords.accept("alice", b"one", "guesser")
        with pytest.raises(TooManyWaiting):
            passwords.accept("alice", b"wrong", "guesser")
        go_on.set()
        assert [guess.result(30) for guess in guesses] == [False] * 4


def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords({"alice": hashed(b"one", COST)})

    def seconds(user: str) -> float:
        started = time.process_time()
        assert not passwords.accept(user, b"wrong")
        return time.process_time() - started

    known = min(seconds("alice") for _ in range(3))
    unknown = min(seconds("nobody") for _ in range(3))

    # Without the check, an unknown user takes a thousandth.
    assert unknown > known / 3


def test_bytes_that_bcrypt_does_not_see_change_nothing() -> None:
    password = b"x" * 72
    passwords = Passwords({"alice": hashed(password)})

    assert passwords.accept("alice", password + b"tail")
    assert not passwords.accept("alice", b"x" * 71)


def test_a_password_with_a_zero_byte_is_wrong() -> None:
    passwords = Passwords({"alice": hashed(b"a"), "bob": hashed(b"a?a")})

    assert not passwords.accept("alice", b"a\0a")
    assert not passwords.accept("bob", b"a\0a")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Bearer YWxpY2U6b25l",
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic " + base64.b64encode(b"\xff:one").decode(),
        header("alice", "one") + ", " + header("alice", "one"),
        header("alice", "two"),
        header("", "one"),
    ],
)
def test_a_header_without_a_valid_password_is_refused(authorization: str) -> None:
    assert not Passwords({"alice": hashed(b"one")}).accept_header(authorization)


@pytest.mark.parametrize("spell", [str, str.upper, lambda name: f"  {name}"])
def test_the_scheme_may_be_written_in_any_case(spell: Callable[[str], str]) -> None:
    scheme, _, encoded = header("alice", "o:né").partition(" ")

    assert Passwords({"alice": hashed("o:né".encode())}).accept_header(f"{spell(scheme)} {encoded}")


@given(st.text())
def test_no_header_breaks_it(authorization: str) -> None:
    assert not Passwords({}).accept_header(authorization)
