"""What ``moments remove --help`` says of the files."""

from click.testing import CliRunner

from app.cli.main import cli


def test_the_help_of_remove_says_which_files_stay_and_which_are_deleted() -> None:
    help_text = " ".join(CliRunner().invoke(cli, ["remove", "--help"]).output.split())
    assert "Files of yours stay" in help_text
    assert "by upload or from an address, which lies in the data folder, is deleted" in help_text
