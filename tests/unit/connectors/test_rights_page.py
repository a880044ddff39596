"""docs/security.md says what the code asks for."""

from connectors.rights_page import PAGE, with_blocks


def test_the_page_lists_the_rights_that_are_checked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_blocks(page), "run `python -m connectors.rights_page`"
