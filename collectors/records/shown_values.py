"""Which values of records may be shown to those who look after the settings: names and ids alone. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b

from leverwatch.collectors.records.texts import elements_of, text_of

NO_VALUE = "(none)"
_NAME = re.compile(r"[\w.:/@-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(
    r"(?:apikey|key|proj|project|wrkspc|workspace|ws|org|user|team|group|tenant|acct|account|dep|deployment|cus|app)"
    r"_[A-Za-z0-9]+"
)
"""An id that says what it is of: that of a key is none."""
_SECRET = re.compile(
    r"(?:(?:sk|pk|rk|key|xai|nvapi|pplx|glpat|sess|xox[a-z])-|(?:sk|pk|rk|hf|gsk|r8|fw|tgp|lsv2|whsec|gh[a-z]|github_pat)_"
    r"|AKIA|ASIA|AIza|ya29\.|eyJ|SG\.|dapi)"
)
"""How keys and tokens of known services begin."""
_LONG = re.compile(r"[A-Za-z0-9]{20,}")
_LOGIN = re.compile(r":[^:/@]+@")
"""A password before the name of a host."""
_HUMPS = re.compile(r"[a-z][A-Z]")
_MANY_HUMPS = 6
_BETWEEN = re.compile(r"(?<=[A-Za-z])[0-9]+(?=[A-Za-z])")
_ELEMENTS = 5
"""So many of an array are shown."""
_MANY = 3
"""So many numbers between letters are in no name."""


def shown_value(value: object) -> str:
    """Return a value that looks like a name or an id as it is, and any other as a short hash of it.

    What has more than 64 characters, a blank or a sign that names rarely have, or the look of a key or a token, is
    told by its hash alone, which is the same for the same value.
    """
    text = text_of(value)
    elements = elements_of(text)
    if elements:
        more = ["..."] if len(elements) > _ELEMENTS else []
        return f"[{' '.join([*map(shown_value, elements[:_ELEMENTS]), *more])}]"
    if not text or elements == []:
        return NO_VALUE
    if _NAME.fullmatch(text) and not is_like_a_key(text):
        return text
    return f"(hash {blake2b(text.encode(errors='replace'), digest_size=4).hexdigest()})"


def is_like_a_key(text: str) -> bool:
    """Whether a text may be a secret: it begins as those of known services, or is as long and mixed as one."""
    if _SECRET.match(text):
        return True
    if _UUID.fullmatch(text) or _ID.fullmatch(text):
        return False
    long = any(not it.isdigit() and not it.isalpha() for it in _LONG.findall(text))
    mixed = len(_BETWEEN.findall(text)) >= _MANY or len(_HUMPS.findall(text)) >= _MANY_HUMPS
    return long or mixed or _LOGIN.search(text) is not None
