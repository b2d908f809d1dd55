"""html5lib as the judge of contact sheets.

sheets.py FOLDER STATE=NUMBER...
    parses each page of FOLDER strictly. Every picture is inside of its page, every link leads to a file or a place that is there or to
    https, no element, attribute or script is there but those of a sheet, and the pages show so many items of each state.
"""

import base64
import collections
import hashlib
import io
import sys
import urllib.parse
from pathlib import Path

import html5lib
from PIL import Image

ELEMENTS = set(
    "html head meta title style body header h1 h2 h3 p ul ol li span b bdi nav a main div label select option input output"
    " figure figcaption img dl dt dd details summary footer script section table thead tbody tr th td small".split()
)
ATTRIBUTES = {
    "a": {"class", "href", "rel", "style"},
    "details": {"open"},
    "div": {"class", "hidden", "style"},
    "figcaption": set(),
    "html": {"lang"},
    "img": {"alt", "src", "style"},
    "input": {"checked", "id", "type"},
    "li": {"class", "id", "data-state", "data-seam", "data-lost"},
    "meta": {"charset", "content", "http-equiv", "name"},
    "option": {"value"},
    "output": {"for"},
    "section": {"id"},
    "span": {"aria-hidden", "class", "style"},
    "ul": {"aria-label", "class"},
}
LONGEST_SIDE = 320


def parse(path):
    """A strict parser raises at the first error of the syntax."""
    data = path.read_bytes()
    assert b"\r" not in data and b"\0" not in data, f"{path}: control characters"
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(data)


def check_picture(where, element):
    kind, _, data = element.get("src").partition(",")
    assert kind == "data:image/jpeg;base64", f"{where}: {kind}"
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    picture.load()
    assert max(picture.size) <= LONGEST_SIDE, f"{where}: {picture.size}"
    assert element.get("alt"), f"{where}: a picture without words"


def check_link(where, href, ids):
    """Gives the file that it leads to, if it is one."""
    url = urllib.parse.urlsplit(href)
    if url.scheme == "https":
        return None
    assert not url.scheme and not url.netloc and not url.query, f"{where}: {href}"
    path = (where.parent / urllib.parse.unquote(url.path)) if url.path else where
    assert path.is_file(), f"{where}: {href} leads nowhere"
    if url.fragment:
        assert url.fragment in ids[path.name], f"{where}: nothing is at {href}"
    return path.resolve()


def check_script(where, document):
    (script,) = document.iter("script")
    policy = [meta.get("content") for meta in document.iter("meta") if meta.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert len(policy) == 1 and f"script-src 'sha256-{digest}'" in policy[0], f"{where}: {policy}"
    assert policy[0].startswith("default-src 'none'; img-src data:;"), f"{where}: {policy}"


def check(where, document, ids):
    """Gives the states of the items."""
    names = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(names) == len(set(names)), f"{where}: an id is there twice"
    check_script(where, document)
    states = collections.Counter()
    for element in document.iter():
        assert element.tag in ELEMENTS, f"{where}: <{element.tag}>"
        unknown = set(element.keys()) - ATTRIBUTES.get(element.tag, {"class", "id"})
        assert not unknown, f"{where}: <{element.tag} {unknown}>"
        assert "url(" not in element.get("style", ""), f"{where}: {element.get('style')}"
        if element.tag == "img":
            check_picture(where, element)
        if element.get("href") is not None:
            check_link(where, element.get("href"), ids)
        if element.get("data-state"):
            states[element.get("data-state")] += 1
            badge = element.find("h3/span[@class]")
            assert "".join(badge.itertext()).endswith(element.get("data-state")), f"{where}: a colour without a word"
    return states


def main():
    folder, expected = Path(sys.argv[1]), {}
    for word in sys.argv[2:]:
        state, _, number = word.partition("=")
        expected[state] = int(number)
    documents = {path: parse(path) for path in sorted(folder.glob("*.html"))}
    assert [path.name for path in documents][:2] == ["index.html", "page-001.html"], list(documents)
    ids = {path.name: {found.get("id") for found in document.iter()} for path, document in documents.items()}
    shown = collections.Counter()
    for path, document in documents.items():
        states = check(path, document, ids)
        if path.name != "index.html":
            shown += states
    assert shown == expected, f"{dict(shown)} instead of {expected}"
    print(f"{len(documents)} pages with {dict(shown)}")


main()
