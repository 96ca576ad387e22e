"""Ways to change and to withdraw the database of a cluster, behind the back of every process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster.cluster import Cluster
from tests.services import Service


def write(cluster: Cluster, query: str, *values: object) -> None:
    """Change rows; ``%s`` stands for a value."""
    if isinstance(cluster.database, Path):
        with closing(sqlite3.connect(cluster.database, timeout=10)) as database, database:
            database.execute(query.replace("%s", "?"), values)
    else:
        with psycopg.connect(cluster.database.url, autocommit=True) as connection:
            connection.execute(query.encode(), values)


@contextmanager
def administrator(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    assert isinstance(cluster.database, Service)
    with psycopg.connect(cluster.database.url, autocommit=True) as connection:
        yield connection


def alter(connection: psycopg.Connection[Any], setting: str) -> None:
    connection.execute(f"ALTER SYSTEM {setting}".encode())
    connection.execute("SELECT pg_reload_conf()")


@contextmanager
def read_only(cluster: Cluster) -> Iterator[None]:
    """As after a fail-over to a standby."""
    with administrator(cluster) as connection:
        alter(connection, "SET default_transaction_read_only = on")
        try:
            yield
        finally:
            alter(connection, "RESET default_transaction_read_only")


@contextmanager
def locked(cluster: Cluster) -> Iterator[None]:
    """Another program writes to the one file, and takes its time."""
    assert isinstance(cluster.database, Path)
    with closing(sqlite3.connect(cluster.database, timeout=10, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
