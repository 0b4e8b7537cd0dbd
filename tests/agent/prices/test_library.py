"""Against the real package, with the network taken away."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from leverwatch.agent.framework.economics.amounts import Origin, Price, Unpriced
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.entries import EntryAtLine, PriceEntry, PriceList
from leverwatch.agent.prices.library import PriceLibrary

DAY = date(2026, 10, 4)


@pytest.fixture(scope="module")
def library() -> PriceLibrary:
    return PriceLibrary()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a price must not be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_what_is_put_off_is_loaded_by_who_uses_it() -> None:
    program = (
        "import sys; from leverwatch.agent.prices.library import PriceLibrary; PriceLibrary();"
        "before = 'httpx2._client' in sys.modules; import httpx2; print(before, httpx2.Client.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "False Client\n"


def test_a_known_model_has_its_listed_price(library: PriceLibrary) -> None:
    found = library.find("gpt-4o-mini", DAY)
    assert found is not None
    assert (found.input, found.cached_input, found.output) == (0.15, 0.075, 0.60)
    assert found.origin is Origin.ASSUMED
    assert found.source.startswith("genai-prices ")
    assert found.notes[0] == "listed as gpt-4o-mini of openai"


def test_a_tuned_model_has_the_price_of_tuned_ones(library: PriceLibrary) -> None:
    found = library.find("ft:gpt-4o-mini-2024-07-18:acme::x1", DAY)
    assert found is not None
    assert (found.input, found.output, found.cached_input) == (0.30, 1.20, None)


@pytest.mark.parametrize("prefix", ["", "us.", "eu.", "apac.", "global.", "us-gov."])
def test_an_id_of_bedrock_has_a_price_in_every_region(library: PriceLibrary, prefix: str) -> None:
    found = library.find(f"{prefix}anthropic.claude-sonnet-4-5-20250929-v1:0", DAY)
    assert found is not None
    assert found.notes[0].endswith("of aws")
    assert library.find(f"{prefix}nobody.no-such-model-v1:0", DAY) is None


def test_a_tuned_model_that_is_not_listed_does_not_take_its_base_price(library: PriceLibrary) -> None:
    assert library.find("ft:gpt-4.1-mini-2025-04-14:acme::x1", DAY) is None


def test_prices_change_on_their_day(library: PriceLibrary) -> None:
    before, after = library.find("o3", date(2025, 6, 1)), library.find("o3", DAY)
    assert before is not None
    assert after is not None
    assert (before.input, after.input) == (10.0, 2.0)


def test_cache_writes_and_long_prompts_are_told(library: PriceLibrary) -> None:
    found = library.find("claude-sonnet-4-5", DAY, "anthropic")
    assert found is not None
    assert (found.cached_input, found.cache_write) == (0.3, 3.75)
    assert "long prompts cost more; the price of short ones is used" in found.notes


def test_a_provider_before_a_slash_is_understood(library: PriceLibrary) -> None:
    assert library.find("openai/gpt-4o", DAY) == library.find("openai/gpt-4o", DAY, None)
    found = library.find("anthropic/claude-sonnet-4-5", DAY)
    assert found is not None
    assert found.model == "anthropic/claude-sonnet-4-5"


@pytest.mark.parametrize("model", ["atlas-mini", "", "harbor/8b", "text-embedding-3-small", "\ud800"])
def test_what_has_no_price_for_input_and_output_is_unknown(library: PriceLibrary, model: str) -> None:
    assert library.find(model, DAY) is None


def test_the_own_file_comes_first_and_the_public_list_fills_in(library: PriceLibrary) -> None:
    own = PriceList("prices.yaml", [EntryAtLine(PriceEntry(model="gpt-4o-mini", input=0.1, output=0.4), 2)])
    book = PriceBook(own, library)
    mine, public = book.price("gpt-4o-mini", DAY), book.price("gpt-4o", DAY)
    assert isinstance(mine, Price)
    assert isinstance(public, Price)
    assert (mine.input, mine.origin, public.input) == (0.1, Origin.CONFIGURED, 2.5)
    unknown = book.price("atlas-mini", DAY)
    assert unknown == Unpriced(
        "atlas-mini", f"prices.yaml has no entry for it, and {library.name} does not list it"
    )
    assert book.price("atlas-mini", DAY) is unknown


def test_without_the_extra_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(ImportError):
        PriceLibrary()
