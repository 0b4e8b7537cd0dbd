"""The stores of the library, with the credentials of the settings or those that are where the clouds have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from leverwatch.collectors.bearer import read_secret
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.bucket.config import BucketConfig

_ENDPOINTS = {"s3": "endpoint", "gs": "base_url", "az": "endpoint"}
_RENEW = timedelta(minutes=15)
"""How long temporary credentials are used before they are asked for again."""


def made(
    library: Any, config: BucketConfig, context: CollectorContext, options: Mapping[str, Any], place: str
) -> Any:
    """Return the store of a bucket.

    Args:
        library: the module with the stores.
        options: of requests and retries.
        place: source and bucket, for messages.

    Raises:
        SourceRefused: a file with a secret cannot be read, or a profile cannot be used.
        Exception: what the library raises of settings that it cannot use.
    """
    given: dict[str, Any] = dict(options)
    if config.endpoint is not None:
        given[_ENDPOINTS[config.scheme]] = config.endpoint
    if config.anonymous:
        given["skip_signature"] = True
    if config.scheme == "gs":
        if config.secret_file is not None:
            given["service_account_key"] = read_secret(place, context.base_dir / config.secret_file, "key")
        return library.GCSStore(config.bucket, **given)
    secret = None if config.secret is None else config.secret.get_secret_value()
    if config.secret_file is not None:
        secret = read_secret(place, context.base_dir / config.secret_file, "secret")
    if config.scheme == "az":
        if config.account is not None:
            given["account_name"] = config.account
        if secret is not None:
            given["account_key"] = secret
        return library.AzureStore(config.bucket, **given)
    if config.region is not None:
        given["region"] = config.region
    if secret is not None:
        # As one thing: a token of the environment belongs to another key.
        given["credential_provider"] = _always(str(config.key_id), secret)
    elif config.profile is not None:
        given["credential_provider"] = _of_profile(config, place)
    return library.S3Store(config.bucket, **given)


def _always(key_id: str, secret: str) -> Callable[[], Mapping[str, Any]]:
    return lambda: {"access_key_id": key_id, "secret_access_key": secret, "token": None, "expires_at": None}


def _of_profile(config: BucketConfig, place: str) -> Callable[[], Mapping[str, Any]]:
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ModuleNotFoundError as error:
        raise SourceRefused(
            f"{place}: Amazon's library, which reads profiles, is missing; install leverwatch[cloudwatch]"
        ) from error
    try:
        found = Session(profile=config.profile).get_credentials()
    except (BotoCoreError, OSError, ValueError):
        found = None  # its text may name files and what is in them
    if found is None:
        raise SourceRefused(f"{place}: the profile {config.profile} is not there, or has no credentials")

    def renewed() -> Mapping[str, Any]:
        now = found.get_frozen_credentials()
        until = datetime.now(UTC) + _RENEW
        return {
            "access_key_id": now.access_key, "secret_access_key": now.secret_key, "token": now.token,
            "expires_at": until,
        }  # fmt: skip

    return renewed
