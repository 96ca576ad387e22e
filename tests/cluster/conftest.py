"""Three processes on PostgreSQL and Redis; two on one SQLite file without Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster, cluster
from tests.services import Missing


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        with cluster(tmp_path_factory.mktemp("three"), 3) as made:
            yield made
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The default database, and no Redis: right too, only slower."""
    folder = tmp_path_factory.mktemp("plain")
    with cluster(folder, 2, database="sqlite", with_redis=False) as made:
        yield made


@pytest.fixture(params=["three", "plain"])
def nodes(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Both kinds of cluster, whole again after each test."""
    made: Cluster = request.getfixturevalue(request.param)
    yield made
    made.restore()


@pytest.fixture
def cluster_(three: Cluster) -> Iterator[Cluster]:
    """PostgreSQL and Redis, whole again after each test."""
    yield three
    three.restore()
