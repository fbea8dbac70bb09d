"""The demonstration replaces only what a demonstration made."""

import sqlite3
from pathlib import Path

import pytest

from gridmap.store.demo_file import DemoFileTaken, DemoFileUnmade, renew_demo_file


def test_a_database_that_a_demonstration_made_is_replaced_by_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "gridmap.db"
    renew_demo_file(path)
    with sqlite3.connect(path) as database:
        database.execute("create table old (x)")
    database.close()
    renew_demo_file(path)
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from sqlite_master").fetchone() == (0,)
    database.close()


def test_a_countys_own_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gridmap.db"
    with sqlite3.connect(path) as database:
        database.execute("create table incident (x)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(DemoFileTaken):
        renew_demo_file(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gridmap.db"
    path.write_text("notes of mine, nothing else, long enough to hold a header of a hundred bytes " * 3)
    with pytest.raises(DemoFileTaken):
        renew_demo_file(path)


def test_where_no_file_can_be_made_this_is_said(tmp_path: Path) -> None:
    with pytest.raises(DemoFileUnmade, match=r"none.*gridmap\.db"):
        renew_demo_file(tmp_path / "none" / "gridmap.db")
