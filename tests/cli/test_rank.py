"""`hasten rank` reads what people have, and says on which line it is wrong."""

import csv
import io
import json
import subprocess
import sys

import pytest

from hasten._cli import main
from hasten.datasets import load_baseball_1987

WINNERS = "winner,loser\nann,bob\nbob,cem\ncem,ann\nann,cem\n"


@pytest.fixture
def write(tmp_path):
    def put(text):
        path = tmp_path / "games.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return put


@pytest.fixture
def league(tmp_path):
    path = tmp_path / "league.csv"
    games = load_baseball_1987().games
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["home", "away", "outcome"])
        writer.writerows(zip(games["left"], games["right"], games["outcome"], strict=True))
    return str(path)


def test_table(league, capsys):
    assert main(["rank", league]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "7 items from 273 comparisons" in lines[0]
    assert "numerical error at most" in lines[1]
    assert lines[3].split() == ["rank", "item", "strength", "standard_error", "low", "high"]
    assert lines[4].split()[:4] == ["1", "Milwaukee", "0.5312", "0.2074"]


def test_csv_reads_back(league, capsys):
    assert main(["rank", league, "--format", "csv", "--confidence-level", "0.5"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["rank"] for row in rows] == [str(k) for k in range(1, 8)]
    assert float(rows[0]["strength"]) == pytest.approx(0.531153, abs=1e-6)
    half = float(rows[0]["high"]) - float(rows[0]["strength"])
    assert half == pytest.approx(0.674490 * 0.207419, abs=1e-5)


def test_json_and_elo(league, tmp_path, capsys):
    target = tmp_path / "ranking.json"
    arguments = ["rank", league, "--format", "json", "--elo", "--output", str(target)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""
    answer = json.loads(target.read_text())
    assert answer["converged"] is True
    assert answer["error"] <= 1e-6
    assert answer["error_kind"] == "bound"
    first = answer["items"][0]
    assert first["item"] == "Milwaukee"
    assert first["elo"] == pytest.approx(1500 + 0.531153 * 173.717793, abs=1e-3)
    assert first["standard_error"] == pytest.approx(0.207419 * 173.717793, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (WINNERS, []),
        (WINNERS.replace("winner,loser", "x,y"), ["--winner", "x", "--loser", "y"]),
        ("left,right,outcome\nann,bob,left\nbob,cem,left\ncem,ann,a\ncem,ann,right\n", []),
        (
            "p\tq\tr\tk\nann\tbob\t1\t1\nbob\tcem\t1\t1\ncem\tann\t1\t1\nann\tcem\t1\t1\n",
            ["--left", "p", "--right", "q", "--outcome", "r", "--weight", "k"],
        ),
    ],
)
def test_columns_are_found_or_named(write, capsys, text, options):
    assert main(["rank", write(text), *options, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["item"] for row in rows] == ["ann", "bob", "cem"]
    assert float(rows[0]["strength"]) == pytest.approx(0.419618, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("winner,loser\nann,bob\nbob\n", [], "line 3"),
        ("winner,loser\nann,bob\nbob,bob\n", [], "line 3"),
        ("left,right,outcome\nann,bob,1\nbob,ann,maybe\n", [], "line 3"),
        ("left,right,outcome,weight\nann,bob,1,1\nbob,ann,1,-2\n", [], "line 3"),
        ("colour,shape\nred,round\n", [], "colour"),
        ("", [], "no comparisons"),
        ("winner,loser\nann,bob\n", [], r"'bob' (never won)"),
        (WINNERS, ["--winner", "winner"], "must be named together"),
        (WINNERS, ["--winner", "winner", "--loser", "loser", "--left", "x"], "either"),
        (WINNERS, ["--tol", "0"], "`tol` must be greater than 0"),
        (WINNERS, ["--confidence-level", "1.5"], "confidence_level"),
    ],
)
def test_bad_input_is_exit_code_two_with_the_reason(write, capsys, text, options, message):
    assert main(["rank", write(text), *options]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith("hasten: error: ")
    assert message in streams.err


def test_ties(write, capsys):
    path = write("left,right,outcome\na,b,left\nb,a,left\na,b,tie\n")
    assert main(["rank", path, "--ties", "drop"]) == 0
    assert main(["rank", path, "--ties", "raise"]) == 2
    assert "ties" in capsys.readouterr().err


def test_missing_files_and_options(capsys):
    assert main(["rank", "no-such-file.csv"]) == 2
    assert "no-such-file.csv" in capsys.readouterr().err
    assert main(["rank"]) == 2
    assert main([]) == 2
    assert main(["rank", "--help"]) == 0


def test_not_converged_is_exit_code_one_with_the_answer(league, capsys):
    assert main(["rank", league, "--method", "zermelo", "--max-iter", "1"]) == 1
    streams = capsys.readouterr()
    assert "NOT converged" in streams.out
    assert "hasten: warning:" in streams.err


def test_as_a_process(league):
    command = [sys.executable, "-m", "hasten", "rank", league, "--format", "csv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout.startswith("rank,item,strength")
    assert done.stderr == ""


# Models and their uncertainty.


def test_an_advantage_of_the_left_side(league, capsys):
    assert main(["rank", league, "--order-effect", "--rank-sets", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    effect = answer["coefficients"]["order effect"]
    assert effect["estimate"] == pytest.approx(0.302261, abs=1e-6)
    assert effect["standard_error"] == pytest.approx(0.130944, abs=1e-6)
    for row in answer["items"]:
        assert 1 <= row["best_rank"] <= row["rank"] <= row["worst_rank"] <= 7


def test_the_table_shows_what_all_items_share(league, capsys):
    assert main(["rank", league, "--order-effect"]) == 0
    assert "order effect 0.3023 (std. error 0.1309)" in capsys.readouterr().out


TIED = "left,right,outcome\na,b,1\nb,c,1\nc,a,1\na,c,tie\nb,a,tie\na,b,0\n"


@pytest.mark.parametrize(("ties", "name"), [("davidson", "ln nu"), ("rao-kupper", "ln theta")])
def test_models_of_ties(write, capsys, ties, name):
    assert main(["rank", write(TIED), "--ties", ties, "--format", "json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["coefficients"]) == [name]


def test_priors(write, capsys):
    path = write("winner,loser\na,b\nb,c\n")
    assert main(["rank", path]) == 2
    assert "prior" in capsys.readouterr().err
    for option in ("--prior", "--gaussian-prior"):
        assert main(["rank", path, option, "1", "--format", "json"]) == 0
        items = json.loads(capsys.readouterr().out)["items"]
        assert [row["item"] for row in items] == ["a", "b", "c"]
        assert items[0]["strength"] == pytest.approx(-items[2]["strength"], rel=1e-6)
    assert main(["rank", path, "--prior", "-1"]) == 2
    assert "`prior` must be at least 0" in capsys.readouterr().err


def test_components_and_what_is_left_out(write, capsys):
    path = write(WINNERS + "dan,ann\neve,fay\nfay,eve\n")
    assert main(["rank", path, "--on-disconnected", "largest"]) == 0
    assert "left out: dan, eve, fay" in capsys.readouterr().out
    assert main(["rank", path, "--on-disconnected", "components", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    groups = {row["item"]: row["component"] for row in rows}
    assert groups["ann"] == groups["bob"] == groups["cem"] != groups["dan"]
    assert groups["eve"] == groups["fay"]
    # A component that beat another one stands above it.
    assert int(groups["dan"]) < int(groups["ann"])


def test_kinds_of_intervals(league, capsys):
    def widths(*options):
        assert main(["rank", league, "--format", "csv", *options]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        return {row["item"]: float(row["high"]) - float(row["low"]) for row in rows}

    plain = widths()
    sandwich = widths("--errors", "sandwich")
    together = widths("--simultaneous", "--seed", "3")
    assert sandwich["Milwaukee"] == pytest.approx(2 * 1.959964 * 0.207649, abs=1e-5)
    assert all(together[item] > plain[item] for item in plain)
