"""Options change the way and not the answer: what each does is seen in the history."""

import re

import numpy as np
import pytest

import hasten
from hasten.ot import sinkhorn, sinkhorn_divergence, sinkhorn_points

PROBLEM = {
    "a": np.array([0.2, 0.3, 0.5]),
    "b": np.array([0.1, 0.2, 0.3, 0.4]),
    "cost": np.arange(12.0).reshape(3, 4),
    "reg": 2.0,
}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"sns_options": 3}, TypeError, "`sns_options` must be a dict; got 3"),
        ({"sns_options": {"dleta": 1}}, ValueError, "did you mean 'delta'?"),
        *(
            (
                {"sns_options": {"ratio": ratio}},
                ValueError,
                f"`sns_options['ratio']` must be between 1.1 and 1000; got {ratio}",
            )
            for ratio in (1.0, 1001.0)
        ),
        (
            {"method": "sns_paper", "sns_options": {"sparsity": 2.0}},
            ValueError,
            "`sns_options['sparsity']` must be at most 1; got 2",
        ),
        (
            {"method": "sns_paper", "sns_options": {"n_sinkhorn": 0}},
            ValueError,
            "`sns_options['n_sinkhorn']` must be at least 1; got 0",
        ),
        *(
            (
                {"method": method, "sns_options": {name: value}},
                ValueError,
                f"`sns_options` must hold only what method={method!r} reads; got {name!r}",
            )
            for methods, options in [
                (("auto", "sns", "sinkhorn", "log"), {"n_sinkhorn": 5, "sparsity": 0.1}),
                (("sns_paper", "sinkhorn", "log"), {"delta": 0.1, "stage_tol": 0.1, "ratio": 2.0}),
            ]
            for method in methods
            for name, value in options.items()
        ),
        (
            {"method": "log", "sns_options": {"delta": 0.1}},
            ValueError,
            "got 'delta', an option of 'auto' and 'sns'",
        ),
        (
            {"init": (np.zeros(3), np.zeros(4)), "eps_scaling": True},
            ValueError,
            "`init` must be None with eps_scaling=True",
        ),
        ({"method": "sns_paper", "eps_scaling": True}, ValueError, "`eps_scaling` must be"),
        *(
            (
                {"method": method, "reg_marginals": rho},
                ValueError,
                f"infinite with Newton's method, which needs fixed marginals; got {shown}",
            )
            for method in ("sns", "sns_paper")
            for rho, shown in [(1.0, "(1, 1)"), ((np.inf, 2.0), "(inf, 2)")]
        ),
    ],
)
def test_what_a_method_does_not_read_is_refused(changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        sinkhorn(**(PROBLEM | changes))


@pytest.fixture
def hard(draw):
    """Return a problem on which plain iterations take long."""
    return draw(30, 34, seed=3)


def solve(problem, **options):
    result = sinkhorn(*problem, reg=0.01, tol=1e-11, trace=True, max_iter=100_000, **options)
    assert result.converged
    return result


def stages(result):
    return set(result.history["stage"])


OPTIONS = [
    {"method": "sinkhorn"},
    {"method": "log"},
    {"method": "sns"},
    {"method": "sns_paper"},
    {"method": "log", "eps_scaling": True},
    {"eps_scaling": True},
    {"eps_scaling": False},
    {"memory": "low"},
    {"precision": "float64"},
    {"precision": "mixed"},
    {"method": "sns", "sns_options": {"ratio": 2.0, "stage_tol": 1e-2, "delta": 0.1}},
    {"method": "sns_paper", "sns_options": {"sparsity": 1.0, "n_sinkhorn": 50}},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_they_do_not_change_the_answer(exact, draw, options):
    a, b, cost = draw(8, 9, seed=3)
    result = sinkhorn(a, b, cost, reg=0.03, tol=1e-12, **options)
    truth = exact(a, b, cost, 0.03)
    assert result.converged
    assert result.value == pytest.approx(float(truth.value), rel=1e-12)
    np.testing.assert_allclose(result.plan, truth.plan, rtol=1e-8, atol=1e-13)


def test_a_method_is_seen_in_its_stages(hard):
    by_method = {name: solve(hard, method=name) for name in ("sinkhorn", "log", "sns")}
    assert stages(by_method["log"]) == {"log"}
    assert stages(by_method["sinkhorn"]) == {"log", "scaling"}
    assert "newton" in stages(by_method["sns"])
    assert by_method["sns"].n_iter < by_method["sinkhorn"].n_iter / 3
    for name, result in by_method.items():
        assert result.method_used == name
        assert (result.n_newton > 0) == (name == "sns")
        assert np.isnan(result.density) == (name != "sns")


def test_low_memory_stays_in_the_log_domain(hard):
    assert stages(solve(hard, method="sinkhorn", memory="low")) == {"log"}


def test_a_larger_strength_comes_first_only_where_it_is_asked_for(hard):
    down = solve(hard, method="sns", eps_scaling=True)
    assert "path" in stages(down)
    eps = down.history["eps"]
    assert eps[0] > 0.1 > eps[-1] == 0.01
    assert (np.diff(eps) <= 0).all()
    # Levels are a ratio of 4 apart, or of what is asked for.
    assert set(np.round(np.log(np.unique(eps) / 0.01) / np.log(4.0), 6) % 1) == {0.0}
    near = solve(hard, method="sns", eps_scaling=True, sns_options={"ratio": 2.0})
    assert len(np.unique(near.history["eps"])) > len(np.unique(eps))
    direct = solve(hard, method="sns", eps_scaling=False)
    assert direct.history["eps"].max() == pytest.approx(0.01)
    levels = solve(hard, method="log", eps_scaling=True).history["eps"]
    assert levels[0] > 0.1 > levels[-1] == 0.01


def test_the_options_of_newton_steps(hard):
    default = solve(hard, method="sns", eps_scaling=True)
    for name, value in [("delta", 0.5), ("stage_tol", 0.1), ("ratio", 16.0)]:
        other = solve(hard, method="sns", eps_scaling=True, sns_options={name: value})
        assert other.n_iter != default.n_iter or other.n_cg != default.n_cg, name
    # Less dropped from the Hessian, more entries kept.
    dense = solve(hard, method="sns", eps_scaling=True, sns_options={"delta": 1e-6})
    assert dense.density > default.density


def test_the_options_of_the_published_method(hard):
    for n_sinkhorn in (3, 17):
        result = solve(hard, method="sns_paper", sns_options={"n_sinkhorn": n_sinkhorn})
        first = result.history["stage"].tolist().index("newton")
        assert result.history["n_iter"][first] - n_sinkhorn in (1, 2)
        assert result.density == pytest.approx(2 * 34 / (30 * 34), rel=0.05)
    whole = solve(hard, method="sns_paper", sns_options={"sparsity": 1.0})
    assert whole.density == 1.0
    assert whole.n_newton < result.n_newton


def test_precision(hard):
    a, b, cost = hard
    single = np.float32(cost)
    loose = sinkhorn(a, b, single, reg=0.05)
    assert 1e-9 < loose.marginal_error <= 1e-5
    tight = sinkhorn(a, b, single, reg=0.05, precision="float64")
    assert tight.marginal_error <= 1e-9
    assert tight.n_iter > loose.n_iter
    mixed = sinkhorn(a, b, cost, reg=0.05, precision="mixed", method="sinkhorn", trace=True)
    double = sinkhorn(a, b, cost, reg=0.05, method="sinkhorn", trace=True)
    assert mixed.marginal_error <= 1e-9
    # A kernel in single precision rounds the first iterates.
    assert mixed.history["marginal_error"][5] != double.history["marginal_error"][5]


class TestAdvice:
    """What a warning advises is open to the caller and would help."""

    FASTER = "method='auto' or 'sns' needs far fewer passes"
    LONGER = "raise `max_iter`, `tol` or `reg`"

    @pytest.mark.parametrize("method", ["sinkhorn", "log"])
    def test_another_method_where_one_was_chosen(self, hard, method):
        with pytest.warns(hasten.ConvergenceWarning, match=self.FASTER):
            sinkhorn(*hard, reg=0.01, max_iter=3, method=method)

    @pytest.mark.parametrize("method", ["auto", "sns", "sns_paper"])
    def test_more_passes_where_no_method_is_faster(self, hard, method):
        with pytest.warns(hasten.ConvergenceWarning, match=self.LONGER):
            sinkhorn(*hard, reg=0.01, max_iter=2, method=method)

    @pytest.mark.parametrize("method", ["sinkhorn", "log"])
    def test_more_passes_where_newton_steps_cannot_be(self, hard, method):
        with pytest.warns(hasten.ConvergenceWarning, match=self.LONGER):
            sinkhorn(*hard, reg=0.01, max_iter=3, method=method, reg_marginals=1.0)

    def test_more_passes_where_there_is_no_choice(self):
        from sklearn.exceptions import ConvergenceWarning

        from hasten.ot import SinkhornBarycenter, SinkhornTransport

        X = np.random.default_rng(0).normal(size=(20, 2))
        with pytest.warns(ConvergenceWarning, match=self.LONGER):
            SinkhornTransport(reg=0.01, max_iter=2).fit(X, X_target=-X)
        with pytest.warns(ConvergenceWarning, match=self.LONGER):
            SinkhornBarycenter(reg=0.01, max_iter=1).fit(np.eye(4))


def test_a_callback_hears_of_passes_and_may_stop(draw):
    a, b, cost = draw(50, 60, seed=8)
    heard = []

    def listen(info):
        heard.append((info.n_iter, info.error, np.asarray(info.x).shape))
        return info.n_iter >= 4

    result = sinkhorn(a, b, cost, reg=0.01, callback=listen)
    assert not result.converged
    assert "stopped by the callback" in result.message
    assert 4 <= result.n_iter <= 6
    passes, errors, shapes = zip(*heard, strict=True)
    assert list(passes) == sorted(set(passes))
    assert all(error > 0 for error in errors)
    assert set(shapes) == {(60,)}
    assert result.value_lower <= sinkhorn(a, b, cost, reg=0.01).value <= result.value_upper


@pytest.mark.parametrize("shape", [(40, 50), (50, 40)])
@pytest.mark.parametrize("method", ["auto", "sinkhorn", "log", "sns", "sns_paper"])
def test_a_callback_is_shown_the_potential_of_the_columns(draw, method, shape):
    a, b, cost = draw(*shape, seed=8)
    b[3] = 0.0
    b /= b.sum()
    seen = []
    result = sinkhorn(
        a, b, cost, reg=0.01, method=method, callback=lambda info: seen.append(info.x)
    )
    assert {x.shape for x in seen} == {(shape[1] - 1,)}
    # Up to a constant, and the last update: the potential that is returned.
    apart = seen[-1] - np.delete(result.g, 3)
    assert np.ptp(apart) < 1e-4 * np.ptp(result.g)


def test_an_error_in_a_callback_comes_out(draw):
    class Failure(Exception):  # noqa: N818
        pass

    def fail(info):
        raise Failure

    with pytest.raises(Failure):
        sinkhorn(*draw(50, 60), reg=0.01, callback=fail)


def test_progress_draws_a_bar(draw, capsys):
    sinkhorn(*draw(5, 6), reg=0.1, progress=True)
    assert "sinkhorn" in capsys.readouterr().err


@pytest.fixture
def clouds():
    rng = np.random.default_rng(10)
    return rng.normal(size=(40, 2)), rng.normal(size=(30, 2)) + 0.5


class TestPoints:
    """`sinkhorn_points` takes each option as `sinkhorn` does."""

    @pytest.mark.parametrize(
        "options",
        [
            {"method": "sns", "eps_scaling": True},
            {"method": "log", "eps_scaling": True},
            {"precision": "mixed"},
            {"method": "sns_paper", "sns_options": {"n_sinkhorn": 7}},
            {"method": "sns", "sns_options": {"delta": 0.1}},
        ],
    )
    def test_the_way_is_that_of_the_distances(self, clouds, options):
        X, Y = clouds
        cost = ((X[:, None] - Y) ** 2).sum(axis=-1)
        points = sinkhorn_points(X, Y, reg=0.1, trace=True, **options)
        matrix = sinkhorn(None, None, cost, reg=0.1, trace=True, **options)
        assert points.method_used == matrix.method_used
        assert points.history["stage"].tolist() == matrix.history["stage"].tolist()
        assert points.value == pytest.approx(matrix.value, rel=1e-9)

    def test_a_warm_start(self, clouds):
        cold = sinkhorn_points(*clouds, reg=0.1)
        for init in (cold, (cold.f, cold.g)):
            assert sinkhorn_points(*clouds, reg=0.1, init=init).n_iter <= 2 < cold.n_iter
        with pytest.raises(ValueError, match=r"`init\[0\]` must have shape \(30,\); got \(40,\)"):
            sinkhorn_points(*clouds[::-1], reg=0.1, init=cold)

    def test_a_callback_may_stop(self, clouds, capsys):
        heard = []

        def listen(info):
            heard.append((info.n_iter, np.asarray(info.x).shape))
            return info.n_iter >= 3

        result = sinkhorn_points(*clouds, reg=0.01, callback=listen, progress=True)
        assert "stopped by the callback" in result.message
        assert {shape for _, shape in heard} == {(30,)}
        assert heard[-1][0] >= 3 > heard[0][0]
        assert "sinkhorn_points" in capsys.readouterr().err


class TestDivergence:
    """Options of the three solves of a divergence."""

    @pytest.mark.parametrize(
        "options",
        [
            {"method": "log"},
            {"method": "sns", "eps_scaling": True},
            {"method": "sns", "sns_options": {"delta": 0.1}},
            {"memory": "low"},
            {"precision": "mixed"},
        ],
    )
    def test_they_do_not_change_the_answer(self, clouds, options):
        plain = sinkhorn_divergence(*clouds, reg=0.1)
        result = sinkhorn_divergence(*clouds, reg=0.1, **options)
        assert result.converged
        assert abs(result.value - plain.value) <= result.error + plain.error + 1e-12
        cross = sinkhorn_points(*clouds, reg=0.1, **options)
        assert result.cross.method_used == cross.method_used
        assert result.cross.n_iter == cross.n_iter

    def test_single_points_in_double(self, clouds):
        single = [np.float32(points) for points in clouds]
        loose = sinkhorn_divergence(*single, reg=0.1)
        tight = sinkhorn_divergence(*single, reg=0.1, precision="float64")
        for part in ("cross", "within_x", "within_y"):
            assert getattr(tight, part).marginal_error <= 1e-9
        assert loose.cross.marginal_error > 1e-9

    def test_a_callback_hears_of_all_three(self, clouds, capsys):
        shapes = []
        sinkhorn_divergence(
            *clouds, reg=0.1, callback=lambda info: shapes.append(len(info.x)), progress=True
        )
        assert set(shapes) == {30, 40}
        bars = capsys.readouterr().err
        assert "sinkhorn_divergence" in bars
        assert "within one cloud" in bars
        stopped = sinkhorn_divergence(*clouds, reg=0.1, callback=lambda info: True)
        assert not stopped.converged
        assert "stopped by the callback" in stopped.message
        assert stopped.value_lower <= sinkhorn_divergence(*clouds, reg=0.1).value
