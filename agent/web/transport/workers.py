"""A few threads for work that may block, so that the event loop of the connections does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """A pool of threads that are started when they are needed.

    They are daemon threads, so that work that never ends does not keep the process from exiting; the pool of the
    standard library waits for its threads.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, from another thread. Only for use in one loop."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                value = work()
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                _tell(loop, _fail, result, error)
            else:
                _tell(loop, _succeed, result, value)

        self._work.put(job)
        self._staff()
        return await result

    def stop(self) -> None:
        """Let each thread end after its present work."""
        for _ in range(self._threads):
            self._work.put(None)

    def _staff(self) -> None:
        if self._idle.acquire(blocking=False) or self._threads >= self._most:
            return
        try:
            threading.Thread(target=self._labour, name=self._name, daemon=True).start()
        except RuntimeError:
            # The system allows no more threads; those that run will come to it.
            if self._threads == 0:
                raise
        else:
            self._threads += 1

    def _labour(self) -> None:
        while (job := self._work.get()) is not None:
            job()
            # Whoever asked may have left; what it was answered must not stay until the next one comes.
            del job
            self._idle.release()


def _tell(loop: asyncio.AbstractEventLoop, how: Callable[..., None], *what: Any) -> None:
    try:
        loop.call_soon_threadsafe(how, *what)
    except RuntimeError:
        return  # the loop has ended, and nobody waits


def _succeed(result: asyncio.Future[T], value: T) -> None:
    if not result.done():
        result.set_result(value)


def _fail(result: asyncio.Future[Any], error: BaseException) -> None:
    if not result.done():
        result.set_exception(error)
