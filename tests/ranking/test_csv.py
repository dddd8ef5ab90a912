"""Comparisons from text files: columns found, and malformed rows refused with the line."""

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.ranking import Comparisons


def read(text, *args, **kwargs):
    return Comparisons.from_csv(io.StringIO(text), *args, **kwargs)


def assert_same(a, b):
    assert a.items.tolist() == b.items.tolist()
    for attribute in ("_offsets", "_opponents", "_wins", "_losses", "_ties"):
        np.testing.assert_array_equal(getattr(a, attribute), getattr(b, attribute))


EXPECTED = Comparisons.from_arrays(["ann", "bob", "ann"], ["bob", "cleo", "cleo"], [1, 0, 0.5])
ROWS = [("ann", "bob", "left"), ("bob", "cleo", "right"), ("ann", "cleo", "tie")]


@pytest.mark.parametrize(
    "header",
    [
        "left,right,outcome",
        "Model_A, Model_B ,Winner",
        "player1,player2,result",
        "team_a,team_b,winner",
        "home,away,result",
        "home_team,away_team,outcome",
        "item_a,item_b,outcome",
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_columns_and_delimiter_are_found(header, delimiter, newline, tmp_path):
    rows = [header.split(","), *ROWS]
    text = newline.join(delimiter.join(row) for row in rows) + newline
    assert_same(read(text), EXPECTED)
    assert_same(Comparisons.from_csv(io.BytesIO(text.encode())), EXPECTED)
    path = tmp_path / "games.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert_same(Comparisons.from_csv(path), EXPECTED)
    assert_same(Comparisons.from_csv(str(path)), EXPECTED)


def test_winner_and_loser_need_no_outcome():
    expected = Comparisons.from_arrays(["a", "c"], ["b", "b"], weight=[2, 1])
    assert_same(read("loser,winner,weight\nb,a,2\nb,c,1\n"), expected)


def test_columns_by_name_and_by_position():
    text = "id,white,black,score,days,n\n" + "".join(
        f"{k},{white},{black},{score},{4 - 2 * k},{k + 1}\n"
        for k, (white, black, score) in enumerate([("a", "b", 1), ("b", "c", 0), ("a", "c", 0.5)])
    )
    arrays = ["a", "b", "a"], ["b", "c", "c"], [1, 0, 0.5]
    options = {"weight": "n", "time": "days", "half_life": 2}
    expected = Comparisons.from_arrays(*arrays, weight=[1, 2, 3], time=[4, 2, 0], half_life=2)
    assert_same(read(text, "white", "black", "score", **options), expected)
    assert_same(read(text, 1, 2, 3, header=True), Comparisons.from_arrays(*arrays))
    headless = text.partition("\n")[2]
    assert_same(read(headless, 1, 2, 3), Comparisons.from_arrays(*arrays))
    assert_same(read("a,b\nc,a\n", header=False), Comparisons.from_arrays(["a", "c"], ["b", "a"]))


def test_quoted_fields_and_blanks():
    text = '\nleft,right,outcome\n"Doe, Jane", " Roe ",1\n\n"two\nlines","say ""hi""",0.50\n'
    comparisons = read(text)
    assert comparisons.items.tolist() == ["Doe, Jane", "Roe", 'say "hi"', "two\nlines"]
    assert comparisons.n_games == 2


def test_custom_outcome_labels_and_items():
    comparisons = read("left,right,outcome\na,b,w\n", outcome_labels=("w", "l"), items=["b", "a"])
    assert comparisons.items.tolist() == ["b", "a"]
    with pytest.raises(ValueError, match="line 2: field 3 must be one of 'w', 'l'; got 'x'"):
        read("left,right,outcome\na,b,x\n", outcome_labels=("w", "l"))
    with pytest.raises(ValueError, match="`left` must be one of `items`; got 'a' at index 0"):
        read("left,right\na,b\n", items=["b", "c"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left,right\na,b\n\nc\n", "line 4: a row must have 2 fields; got 1"),
        ("left,right\na,b\na,b,c\n", "line 3: a row must have 2 fields; got 3"),
        ('left,right\n"a\na",b\nc\n', "line 4: a row must have 2 fields; got 1"),
        ("left,right\na,b\nc, \n", "line 3: field 2 must be a label; got ''"),
        ("left,right,outcome\na,b,1\na,b,won\n", "line 3: field 3 must be 1 (left won), 0"),
        ("left,right,outcome\na,b,2\n", "got '2'"),
        ("left,right,outcome\na,b,\n", "got ''"),
        ("left,right,weight\na,b,1\na,b,-1\n", "line 3: field 3 must be a weight at least 0"),
        ("left,right,weight\na,b,nan\n", "line 2: field 3 must be a weight at least 0; got 'nan'"),
        ("left,right,weight\na,b,heavy\n", "got 'heavy'"),
        ("left,right,weight\na,b,0\n", "total weight is zero"),
        ("left,right\na,b\nc, c\n", "line 3: the two sides must differ; got 'c' twice"),
        ('left,right\na,"b"x\n', "line 2: ',' expected after '\"'"),
        ('left,right\na,"b\n', "line 2: unexpected end of data"),
        ("left,right\na," + "b" * 200_000 + "\n", "line 2: field larger than field limit"),
        ("one,two\na,b\n", "line 1: no columns of comparisons among ['one', 'two']"),
        ("left,right\n", "no comparisons"),
        ("", "no comparisons"),
    ],
)
def test_malformed_rows_are_refused_with_the_line(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read(text)


def test_the_line_is_right_far_into_a_file():
    text = "left,right\n" + "a,b\n\n" * 70_000 + "a\n"
    with pytest.raises(ValueError, match="line 140002: a row must have 2 fields; got 1"):
        read(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"left": "left"}, "`left` and `right` must be named together"),
        ({"left": "left", "right": "rigth"}, "`right` must be named once in the header"),
        (
            {"left": 0, "right": 7, "header": True},
            "`right` must be a name or a position in the header ['left', 'right']; got 7",
        ),
        ({"left": 0, "right": -1}, "`right` must be a name or a position from 0; got -1"),
        ({"left": 0, "right": 7}, "line 1: a row must have 8 fields; got 2"),
        (
            {"left": "left", "right": "right", "header": False},
            "`left` must be a position where `header=False`; got 'left'",
        ),
        ({"delimiter": "::"}, "`delimiter` must be one character; got '::'"),
        ({"delimiter": "\n"}, "`delimiter` must not be a quote or an end of line; got '\\n'"),
        ({"encoding": "utf-99"}, "`encoding` must be the name of an encoding; unknown"),
        ({"encoding": "hex"}, "`encoding` must be the name of an encoding; 'hex' is not a text"),
        ({"half_life": 2}, "`half_life` must come together with `time`"),
        ({"self_comparisons": "keep"}, "`self_comparisons` must be one of"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read("left,right\na,b\n", **arguments)


def test_self_comparisons_are_dropped_on_request():
    assert read("left,right\na,b\nc,c\n", self_comparisons="drop").n_pairs == 1


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(TypeError, match="`path_or_file` must be a path or an open file; got int"):
        Comparisons.from_csv(3)
    with pytest.raises(FileNotFoundError):
        Comparisons.from_csv(tmp_path / "absent.csv")
    binary = io.BytesIO(b"left,right\na,\xff\xfe\n")
    with pytest.raises(ValueError, match="`encoding` must be that of the file; got 'utf-8'"):
        Comparisons.from_csv(binary)
    assert not binary.closed


def test_many_blocks_equal_arrays():
    rng = np.random.default_rng(1)
    left = rng.integers(0, 500, 150_000)
    right = (left + rng.integers(1, 500, 150_000)) % 500
    outcome = rng.choice([1, 0, 0.5], 150_000)
    lines = (f"p{i},p{j},{o:g}\n" for i, j, o in zip(left, right, outcome, strict=True))
    names = np.array([f"p{k}" for k in range(500)])
    assert_same(
        read("left,right,outcome\n" + "".join(lines)),
        Comparisons.from_arrays(names[left], names[right], outcome),
    )


@given(st.text(alphabet='ab,"\n\r\t ;\0é', max_size=40))
def test_any_text_is_read_or_refused(text):
    for prefix, options in (("left,right\n", {}), ("", {"header": False})):
        try:
            read(prefix + text, **options)
        except ValueError:
            continue
