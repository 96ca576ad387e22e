"""The token bucket."""

from __future__ import annotations

import pytest

from common.throttle import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_what_it_holds_and_says_when_there_is_more():
    clock = Clock()
    bucket = TokenBucket(10.0, 2.0, clock)
    assert bucket.is_full
    assert [bucket.take(5.0) for _ in range(4)] == [0.0] * 4
    assert bucket.take(5.0) == pytest.approx(0.5)
    clock.now += 0.25
    assert bucket.take(5.0) == pytest.approx(0.25)
    clock.now += 0.25
    assert bucket.take(5.0) == 0.0
    clock.now += 3600
    assert bucket.is_full
    assert bucket.take(1000.0) == 0.0  # more than fits costs all there is
    assert bucket.take(0.2) > 0
