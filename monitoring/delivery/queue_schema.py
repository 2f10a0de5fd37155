"""The small database beside a Weiguard database in which messages wait: its tables, and how it is opened.

It names alerts by id and number only. What they say is read from the database when it is sent, so nothing that was
erased there goes on living here.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from streams.refusing import RefusedError
from streams.stores.sqlite_failing import failed

APPLICATION_ID: Final = 0x57474432  # "WGD2"
VERSION: Final = 1
_WAIT_S: Final = 10.0

# `places`: up to which input a route has read, since when it gathers, and when its last digest was made.
# `messages`: one record each, or a digest (`parts` > 0), whose parts name it in `digest`. A digest's `alert` is a name
# of its own. `dead` has the reason.
# `went`: when attempts were answered, by lane; `first` tells those that a digest counts.
# `standing`: what Alertmanager was told and must hear again.
TABLES: Final = """
CREATE TABLE places(
  route TEXT PRIMARY KEY, input INTEGER NOT NULL, gathers_us INTEGER, digest_us INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE messages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, route TEXT NOT NULL, alert TEXT NOT NULL, record INTEGER NOT NULL,
  rule TEXT NOT NULL, level TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, first_us INTEGER NOT NULL DEFAULT 0,
  next_us INTEGER NOT NULL DEFAULT 0, parts INTEGER NOT NULL DEFAULT 0, digest INTEGER, dead TEXT);
CREATE INDEX by_alert ON messages(route, alert, id);
CREATE INDEX by_time ON messages(route, next_us, id) WHERE dead IS NULL AND digest IS NULL;
CREATE INDEX by_digest ON messages(digest) WHERE digest IS NOT NULL;
CREATE TABLE went(at_us INTEGER NOT NULL, lane TEXT NOT NULL, first INTEGER NOT NULL);
CREATE INDEX by_lane ON went(lane, at_us);
CREATE TABLE standing(
  route TEXT NOT NULL, alert TEXT NOT NULL, record INTEGER NOT NULL, level TEXT NOT NULL, next_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL, PRIMARY KEY(route, alert)) WITHOUT ROWID;"""


def beside(database: Path) -> Path:
    """Return where the messages of a database wait."""
    return database.with_name(f"{database.name}.deliveries")


def open_queue(path: Path) -> sqlite3.Connection:
    """Open the file, made where there is none. Raises RefusedError where it is of another program or version."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise failed(path, error) from None
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "PRAGMA synchronous = FULL"
    )  # What was answered must not be sent again after a power cut.
    connection.execute("BEGIN IMMEDIATE")
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not kind and not tables:
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif (kind, version) != (APPLICATION_ID, VERSION):
        found = f"version {version} of its format" if kind == APPLICATION_ID else "a file of another program"
        mend = "move it away; routes then begin anew"
        raise RefusedError(str(path), found, f"version {VERSION} of weiguard's deliveries", mend)
    connection.execute("COMMIT")
