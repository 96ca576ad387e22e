"""The token bucket, and the sliding window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.throttle import SlidingWindow, TokenBucket, throttled


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


def test_a_window_opens_when_the_oldest_of_the_last_few_leaves_it():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    window = SlidingWindow(2, timedelta(minutes=1))
    earlier = [now - timedelta(seconds=ago) for ago in (50, 61, 20)]
    assert window.retry_after_s(earlier[:2], now) == 0
    assert window.retry_after_s(earlier, now) == 10
    assert window.retry_after_s(earlier, now + timedelta(seconds=10.5)) == 0
    assert SlidingWindow(1).retry_after_s([now], now + timedelta(seconds=59.9)) == 1


def test_a_refusal_never_asks_for_the_same_again_at_once():
    refusal = throttled("too_many", "Wait.", 0.001)
    assert (refusal.status, refusal.retry_after_s) == (429, 0.1)
    assert throttled("too_many", "Wait.").retry_after_s is None
