"""The catalog's revisions: from nothing, with rows, back again, and in step with the tables."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import CommandLine
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, MetaData, inspect, text

import migrations
from retrieval.domain import Lane, Span
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.errors import InputError, StorageError
from retrieval.storage.catalog import Catalog
from retrieval.storage.database import migration_config, migration_engine, open_database
from retrieval.storage.new_revision import write_revision
from retrieval.storage.records import SpokenLanguage, VideoEdit, VideoFile, VideoRecord, VideoStatus
from retrieval.storage.tables import Base, UtcDateTime
from retrieval.video_filter import VideoFilter
from tests.places import ROOT

OLDEST = "0001"
COMPOSED, DECOMPOSED = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"


def migrate(url: str, to: str) -> None:
    """Bring the catalog to a revision, up or down."""
    engine = migration_engine(url)
    with engine.begin() as connection:
        (command.downgrade if to == "base" else command.upgrade)(migration_config(connection), to)
    engine.dispose()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalog.sqlite'}"


def test_opening_an_empty_database_makes_every_table(url: str) -> None:
    engine = open_database(url)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_the_revisions_make_exactly_the_tables_that_the_code_declares(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_head_that_opening_looks_for_is_the_newest_revision() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert script.get_current_head() == migrations.HEAD
    assert script.get_base() == OLDEST


def test_what_the_tables_gain_is_written_as_a_revision_of_plain_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    monkeypatch.setattr(migrations, "__file__", str(copied / "__init__.py"))
    tables = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.tables.values():
        table.to_metadata(tables)
    tables.tables["videos"].append_column(Column("seen_at", UtcDateTime))
    monkeypatch.setattr(Base, "metadata", tables)

    write_revision("note when it was seen")

    (written,) = {path.name for path in (copied / "versions").glob("*note_when*.py")}
    revision = (copied / "versions" / written).read_text()
    assert "batch_op.add_column(sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True))" in revision
    assert f"down_revision = '{migrations.HEAD}'" in revision
    assert "retrieval" not in revision


def test_alembic_alone_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(CommandError, match=r"`moments videos`.*`python -m retrieval.storage.new_revision MESSAGE`"):
        CommandLine().main(["--raiseerr", "upgrade", "head"])


def test_rows_of_the_oldest_revision_survive_the_way_to_the_newest(url: str) -> None:
    migrate(url, OLDEST)
    engine = migration_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                "encoders, warnings, windows, created_at) "
                "VALUES ('0123456789abcdef', 'hash', '/a.mp4', 'a', 1, 2, 'indexed', "
                "'{\"visual\": \"visual-1\"}', '[]', 1, '2026-01-02 03:04:05.000000')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO windows (video_id, ordinal, start_s, end_s, shot_ordinal, frame_s, labels) "
                "VALUES ('0123456789abcdef', 0, 0.0, 2.0, 0, 0.5, '[[\"cat\", 0.5]]'), "
                "('0123456789abcdef', 1, 2.0, 4.0, 0, NULL, '[]')"
            )
        )
    engine.dispose()

    catalog = Catalog(open_database(url))

    stored = catalog.get("0123456789abcdef")
    assert stored is not None
    assert stored.path == "/a.mp4"
    assert catalog.contents.of(stored.id).windows[0].labels[0].name == "cat"
    assert stored.vectors == {Lane.VISUAL: 1, Lane.SPEECH: 0, Lane.SCREEN: 0}
    assert stored.construction is None
    catalog.close()


def test_a_catalog_without_judgements_gets_them_and_keeps_its_rows(url: str) -> None:
    migrate(url, "0001")
    engine = migration_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                "encoders, warnings, windows, duration_s, created_at) "
                "VALUES ('0123456789abcdef', 'hash', '/a.mp4', 'a', 1, 2, 'indexed', "
                "'{}', '[]', 0, 9.5, '2026-01-02 03:04:05.000000')"
            )
        )
        connection.execute(text("INSERT INTO tags (video_id, name) VALUES ('0123456789abcdef', 'talk')"))
    engine.dispose()

    catalog = Catalog(open_database(url))

    stored = catalog.get("0123456789abcdef")
    assert stored is not None
    assert (stored.duration_s, stored.tags) == (9.5, ("talk",))
    assert catalog.judgements.all() == []
    judged = catalog.judgements.add("a cat", stored.id, Span(1.0, 2.0), is_right=True)
    assert catalog.judgements.all() == [judged]
    catalog.close()


def test_videos_of_before_people_could_write_of_them_keep_their_titles(url: str) -> None:
    migrate(url, "0002")
    engine = migration_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                "encoders, warnings, windows, created_at) "
                "VALUES ('0123456789abcdef', 'hash', '/a.mp4', 'a', 1, 2, 'indexed', "
                "'{}', '[]', 0, '2026-01-02 03:04:05.000000')"
            )
        )
    engine.dispose()

    catalog = Catalog(open_database(url))

    stored = catalog.get("0123456789abcdef")
    assert stored is not None
    assert (stored.title, stored.recorded_at, stored.has_sound, stored.clock) == ("a", None, None, None)
    assert catalog.edit(stored.id, VideoEdit(frozenset({"title"}), title="b")).title == "b"
    catalog.close()


def test_videos_of_before_paths_had_one_content_keep_theirs_and_the_newest_of_a_path_has_it(url: str) -> None:
    migrate(url, OLDEST)
    engine = migration_engine(url)
    rows = (("1", "/a.mp4", "indexed", "01"), ("2", "/a.mp4", "indexed", "02"), ("3", "/b.mp4", "failed", "03"))
    with engine.begin() as connection:
        for digit, path, status, day in rows:
            connection.execute(
                text(
                    "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                    "encoders, warnings, windows, created_at) "
                    f"VALUES ('{digit * 16}', '{digit}', '{path}', 'a', 7, 8, '{status}', "
                    f"'{{}}', '[]', 0, '2026-01-{day} 03:04:05.000000')"
                )
            )
        connection.execute(text(f"INSERT INTO tags (video_id, name) VALUES ('{'1' * 16}', 'talk')"))
    engine.dispose()

    catalog = Catalog(open_database(url))

    assert catalog.resolve("2" * 16).files == (VideoFile("/a.mp4", 7, 8),)
    assert [catalog.resolve(digit * 16).files for digit in "13"] == [(), ()]
    assert catalog.resolve("/a.mp4").id == "2" * 16
    assert catalog.resolve("/b.mp4").id == "3" * 16
    catalog.add_file("2" * 16, VideoFile("/a.mp4", 7, 8, {}))
    assert catalog.ids(status=VideoStatus.REMOVING) == {"1" * 16}
    assert catalog.resolve("2" * 16).tags == ("talk",)
    catalog.close()


def test_the_languages_of_a_catalog_that_did_not_note_them_are_counted(url: str) -> None:
    """Segments of 2 s: two in English, one of them of a country, and one in none that is known."""
    migrate(url, "0011")
    engine = migration_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                "encoders, warnings, windows, created_at) "
                "VALUES ('0123456789abcdef', 'hash', '/a.mp4', 'a', 1, 2, 'indexed', "
                "'{}', '[]', 0, '2026-01-02 03:04:05.000000')"
            )
        )
        for ordinal, language in enumerate(("'en'", "'en-GB'", "NULL")):
            connection.execute(
                text(
                    "INSERT INTO segments (video_id, ordinal, start_s, end_s, text, words, language, confidence, "
                    f"origin) VALUES ('0123456789abcdef', {ordinal}, 0, 2, 'hm', '[]', {language}, 0.9, 'transcribed')"
                )
            )
    engine.dispose()

    catalog = Catalog(open_database(url))
    assert catalog.speech.languages() == [SpokenLanguage("en", 1, 4.0)]
    assert catalog.ids(VideoFilter(languages=("en",))) == {"0123456789abcdef"}
    assert catalog.speech.unknown_in(None) == 1
    catalog.close()


def test_downgrading_to_nothing_leaves_nothing_and_can_be_undone(url: str) -> None:
    open_database(url).dispose()
    migrate(url, "base")
    engine = migration_engine(url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
    catalog = Catalog(open_database(url))
    catalog.upsert(VideoRecord("0" * 16, "hash", "/a.mp4", "a", 1, 2))
    assert catalog.get("0" * 16) is not None
    catalog.close()


def test_opening_an_up_to_date_catalog_does_not_load_alembic(url: str) -> None:
    open_database(url).dispose()
    program = (
        "import sys; from retrieval.storage.database import open_database; "
        f"open_database({url!r}).dispose(); print('alembic' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def test_processes_that_open_a_new_catalog_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    program = f"from retrieval.storage.database import open_database; open_database({url!r}).dispose()"
    openers = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [(opener.communicate()[1], opener.returncode) for opener in openers] == [("", 0)] * 3


def test_a_catalog_of_a_newer_version_is_left_alone(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match=r"written by a newer version of Moments \(revision 9999"):
        open_database(url)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(StorageError, match="file is not a database"):
        open_database(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    with pytest.raises(StorageError, match="unable to open database file"):
        open_database(f"sqlite:///{tmp_path / 'missing' / 'catalog.sqlite'}")


@pytest.mark.parametrize("url", ["", "catalog.sqlite", "mysql://root@localhost/moments", "oracle+nothing://"])
def test_a_url_of_no_supported_database_names_what_is(url: str) -> None:
    with pytest.raises(InputError, match=r"use sqlite:///FILE or postgresql://USER@HOST/NAME"):
        open_database(url)


def test_sqlite_is_set_up_for_readers_beside_a_writer(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        values = [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")]
    engine.dispose()
    assert values == ["wal", 1, 1]


def test_a_writer_waits_for_the_one_before(url: str, tmp_path: Path) -> None:
    """Another program holds the write lock for 0.3 s: the catalog writes after it, without an error."""
    catalog = Catalog(open_database(url))
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    catalog.upsert(VideoRecord("0" * 16, "hash", "/a.mp4", "a", 1, 2))
    assert not other.in_transaction
    other.close()
    catalog.close()


def test_tags_and_titles_of_before_are_composed_and_those_that_become_one_are_merged(url: str) -> None:
    migrate(url, "0007")
    engine = migration_engine(url)
    with engine.begin() as connection:
        for video_id, title in (("0" * 16, DECOMPOSED), ("1" * 16, "plain")):
            connection.execute(
                text(
                    "INSERT INTO videos (id, content_hash, path, title, given_title, size_bytes, modified_ns, status, "
                    "encoders, warnings, windows, created_at) VALUES (:id, :id, :path, :title, :title, 1, 2, "
                    "'indexed', '{}', '[]', 1, '2026-01-02 03:04:05.000000')"
                ),
                {"id": video_id, "title": title, "path": f"/{DECOMPOSED}-{video_id}.mp4"},
            )
        for video_id, name in (("0" * 16, DECOMPOSED), ("0" * 16, COMPOSED), ("1" * 16, DECOMPOSED), ("1" * 16, "b")):
            connection.execute(text("INSERT INTO tags VALUES (:id, :name)"), {"id": video_id, "name": name})
    engine.dispose()
    catalog = Catalog(open_database(url))
    videos = catalog.get_many(["0" * 16, "1" * 16])
    catalog.close()
    assert (videos["0" * 16].title, videos["0" * 16].tags) == (COMPOSED, (COMPOSED,))
    assert (videos["1" * 16].title, videos["1" * 16].tags) == ("plain", (COMPOSED, "b"))
    assert videos["0" * 16].path == f"/{DECOMPOSED}-{'0' * 16}.mp4"


def test_what_was_said_before_voices_were_told_apart_is_said_by_nobody(url: str) -> None:
    migrate(url, "0010")
    engine = migration_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos (id, content_hash, path, title, size_bytes, modified_ns, status, "
                "encoders, warnings, windows, created_at) "
                "VALUES ('0123456789abcdef', 'hash', '/a.mp4', 'a', 1, 2, 'indexed', "
                "'{}', '[]', 0, '2026-01-02 03:04:05.000000')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO segments (video_id, ordinal, start_s, end_s, text, words, language, confidence, origin) "
                "VALUES ('0123456789abcdef', 0, 0.5, 2.0, 'good morning', '[]', 'en', 0.75, 'transcribed')"
            )
        )
    engine.dispose()

    catalog = Catalog(open_database(url))

    [segment] = catalog.contents.segments_of("0123456789abcdef")
    assert (segment.text, segment.language, segment.speaker, segment.translation) == ("good morning", "en", None, None)
    assert catalog.voices.page(10).voices == ()
    catalog.close()
    migrate(url, "0010")
    engine = migration_engine(url)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT text FROM segments")).all() == ["good morning"]
    engine.dispose()


def test_spaces_of_lite_learn_what_makes_queries_for_them(url: str) -> None:
    migrate(url, "0013")
    engine = migration_engine(url)
    with engine.begin() as connection:
        for name, encoder, revision in (
            ("visual-1", "lite-visual", "1-dfc85623-a50ce76d"),
            ("sound-1", "lite-sound", "2"),
            ("sound-0", "lite-sound", "1"),
            ("visual-2", "clip-vit-b-32-256", "1"),
        ):
            connection.execute(
                text(
                    "INSERT INTO spaces (name, lane, encoder, dim, revision, created_at) VALUES "
                    f"('{name}', '{name.partition('-')[0]}', '{encoder}', 384, '{revision}', '2026-01-02 03:04:05')"
                )
            )
    engine.dispose()

    catalog = Catalog(open_database(url))
    asked_by = {(spec.name, spec.revision): spec.asked_by for spec in catalog.spaces()}
    catalog.close()
    assert asked_by == {
        ("lite-visual", "1-dfc85623-a50ce76d"): MiniLmEncoder().spec.fingerprint,
        ("lite-sound", "2"): MiniLmEncoder().spec.fingerprint,
        ("lite-sound", "1"): None,
        ("clip-vit-b-32-256", "1"): None,
    }
