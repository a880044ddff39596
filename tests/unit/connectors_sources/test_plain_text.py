"""The words in HTML."""

import pytest

from connectors.sources.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; two</p><p>three<br />four</p>", "One & two\nthree\nfour"),
        ('<p><span class="h-card"><a href="x">@<span>ann</span></a></span> hi</p>', "@ann hi"),
        (
            '<a href="x"><span class="invisible">https://</span><span>a.b/c</span></a>',
            "https://a.b/c",
        ),
        ("<blockquote>quoted</blockquote>answer", "quoted\nanswer"),
        ("<ul><li>one</li><li>two</li></ul>three", "one\ntwo\nthree"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("no  tags\n here", "no tags\nhere"),
        ("<style>p {}</style>seen<script>alert(1)</script>", "seen"),
        ("a < b, 3 &lt; 4", "a < b, 3 < 4"),
        ("", ""),
    ],
)
def test_text_without_tags_remains(html: str, text: str) -> None:
    assert plain_text(html) == text
