"""The one doorway to the core: errors, callbacks, Ctrl-C, threads and forks."""

import gc
import os
import pickle
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import hasten
from hasten import _progress, _threads
from hasten._core import testing
from hasten._core import threads as core_threads

from .subprocesses import run_python

# Long enough to be handed over to a team; `None` steps aside for one thread.
LONG = 10.0
PLACES = pytest.mark.parametrize("n_threads", [1, 2])


class TestErrors:
    @pytest.mark.parametrize(
        ("kind", "exception", "message"),
        [
            ("shape", ValueError, "`values` must have shape (3, 4); got (4, 3)"),
            ("value", ValueError, "`values` must be at least 0; got -1 at index 7"),
            ("not_finite", ValueError, "`values` must be finite; got NaN at index 5"),
            ("index", ValueError, "`values` must hold indices below 10; got -1 at index 2"),
            ("singular", np.linalg.LinAlgError, "`values` is singular at row 3"),
            (
                "not_positive_definite",
                np.linalg.LinAlgError,
                "`values` is not positive definite at row 3",
            ),
            ("too_large", MemoryError, f"the computation needs {2**70} bytes of memory"),
            ("interrupted", KeyboardInterrupt, ""),
        ],
    )
    def test_each_core_error_has_its_exception(self, kind, exception, message):
        with pytest.raises(exception) as caught:
            testing.raise_error(kind)
        assert caught.type is exception
        assert message in str(caught.value)

    def test_not_connected_carries_its_data_and_pickles(self):
        with pytest.raises(hasten.NotConnectedError) as caught:
            testing.raise_error("not_connected")
        assert isinstance(caught.value, ValueError)
        for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
            assert (error.n_components, error.largest) == (3, 5)
            assert error.offenders == (
                (4, "never won"),
                (6, "no comparisons with the main group"),
            )
            assert str(error).startswith("no maximum-likelihood estimate exists")

    def test_unknown_kind(self):
        with pytest.raises(ValueError, match="no error of kind"):
            testing.raise_error("nothing")

    @PLACES
    def test_a_panic_is_an_ordinary_exception_and_loses_no_threads(self, n_threads):
        for _ in range(20):
            with pytest.raises(RuntimeError, match=r"internal error.*on purpose"):
                testing.panic(n_threads)
        assert core_threads.leased_threads() == 0
        assert testing.parallel_sum(np.ones(10_000), n_threads) == 10_000

    @pytest.mark.parametrize(
        "values",
        [np.arange(4), np.zeros((2, 2)), np.arange(8.0)[::2], np.arange(4.0)[::-1], [1.0], None],
    )
    def test_arrays_of_another_kind_are_type_errors(self, values):
        with pytest.raises(TypeError, match="`values` must be a"):
            testing.parallel_sum(values, 1)

    def test_read_only_arrays_are_read(self):
        values = np.arange(5.0)
        values.flags.writeable = False
        assert testing.parallel_sum(values, 1) == 10


@PLACES
class TestCallback:
    def test_reports_come_in_order_on_the_calling_thread(self, n_threads):
        seen = []

        def callback(info):
            seen.append((info.n_iter, info.error, info.x.tolist(), threading.current_thread()))

        with ThreadPoolExecutor(1) as pool:
            caller = pool.submit(threading.current_thread).result()
            assert pool.submit(testing.spin, 0.1, 4, n_threads, callback).result() == 4
        assert seen == [(k, 1 / k, [k], caller) for k in (1, 2, 3, 4)]

    @pytest.mark.parametrize("answer", [True, np.True_])
    def test_true_stops(self, n_threads, answer):
        steps = testing.spin(LONG, 1000, n_threads, lambda info: answer if info.n_iter == 3 else 0)
        assert steps == 3

    @pytest.mark.parametrize("answer", [None, False, 1, "stop", np.arange(3)])
    def test_anything_else_goes_on(self, n_threads, answer):
        assert testing.spin(0.05, 5, n_threads, lambda _: answer) == 5

    @pytest.mark.parametrize("exception", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
    def test_an_exception_is_raised_as_it_was(self, n_threads, exception):
        raised = exception("unchanged")

        def callback(info):
            if info.n_iter == 2:
                raise raised

        start = time.monotonic()
        with pytest.raises(exception) as caught:
            testing.spin(LONG, 1000, n_threads, callback)
        assert caught.value is raised
        assert time.monotonic() - start < LONG / 2
        assert core_threads.leased_threads() == 0

    def test_the_iterate_belongs_to_the_callback(self, n_threads):
        kept = []
        testing.spin(0.05, 3, n_threads, lambda info: kept.append(info.x))
        for x in kept:
            x[:] = 2 * x
        assert [x.tolist() for x in kept] == [[2], [4], [6]]
        assert all(x.flags.writeable for x in kept)

    def test_the_callback_is_released(self, n_threads):
        class Callback:
            def __call__(self, info):
                return None

        callback = Callback()
        alive = weakref.ref(callback)
        testing.spin(0.05, 3, n_threads, callback)
        del callback
        gc.collect()
        assert alive() is None

    def test_a_callback_may_solve(self, n_threads):
        # Deeper than the leased threads together would allow if they were held meanwhile.
        def solve(depth):
            inner = (lambda _: solve(depth - 1)) if depth else None
            assert testing.spin(0.021, 1, n_threads, inner) == 1

        solve(2 * (os.cpu_count() or 1) + 2)

    def test_callbacks_may_wait_for_solves_of_other_threads(self, n_threads):
        with ThreadPoolExecutor(8) as inner, ThreadPoolExecutor(8) as outer:

            def callback(_):
                inner.submit(testing.spin, 0.021, 1, n_threads, None).result()

            solves = [outer.submit(testing.spin, 0.05, 2, n_threads, callback) for _ in range(8)]
            assert [solve.result() for solve in solves] == [2] * 8

    def test_a_callback_must_be_callable(self, n_threads):
        with pytest.raises(TypeError, match="not callable"):
            testing.spin(0.05, 3, n_threads, 3)

    def test_info_has_a_short_form(self, n_threads):
        forms = []
        testing.spin(0.05, 2, n_threads, lambda info: forms.append(repr(info)))
        assert forms == ["Info(n_iter=1, error=1e0)", "Info(n_iter=2, error=5e-1)"]


class TestProgress:
    def test_without_a_bar_the_callback_is_passed_on(self):
        for callback in (None, print):
            with _progress.progress_bar(callback, "solve", show=False) as hook:
                assert hook is callback

    def test_a_bar_counts_iterations_and_asks_the_callback(self, capsys):
        with _progress.progress_bar(lambda info: info.n_iter == 7, "solve", show=True) as hook:
            assert testing.spin(0.05, 50, 2, hook) == 7
        shown = capsys.readouterr().err
        assert "solve: 7 passes" in shown
        assert "error 1.4e-01" in shown

    def test_a_callback_that_cannot_be_called(self):
        with (
            pytest.raises(TypeError, match="`callback` must be callable"),
            _progress.progress_bar(3, "solve", show=False),
        ):
            pass


INTERRUPT = """
    import os, signal, sys, threading, time
    from hasten._core import testing

    n_threads, callback = int(sys.argv[1]), (lambda info: None) if sys.argv[2] == "1" else None
    # Once, so that starting the threads is not measured.
    testing.spin(0.03, 1, n_threads, callback)
    for _ in range(5):
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        start = time.monotonic()
        try:
            testing.spin(20.0, int(sys.argv[3]), n_threads, callback)
        except KeyboardInterrupt:
            print(time.monotonic() - start - 0.2)
        timer.join()
"""


class TestInterrupt:
    @PLACES
    @pytest.mark.parametrize("callback", [0, 1])
    @pytest.mark.parametrize("steps", [1, 1000])
    def test_ctrl_c_ends_a_solve_within_half_a_second(self, n_threads, callback, steps):
        delays = [float(line) for line in run_python(INTERRUPT, n_threads, callback, steps).split()]
        assert len(delays) == 5
        assert min(delays) < 0.5

    def test_ctrl_c_ends_the_wait_for_threads(self):
        run_python("""
            import os, signal, threading, time
            from hasten._core import testing, threads

            release = threading.Event()
            holders = [
                threading.Thread(target=testing.spin, args=(8.0, 100, 10**6, stop))
                for stop in [lambda info: release.is_set()]
            ]
            for holder in holders:
                holder.start()
            while not threads.leased_threads():
                time.sleep(0.01)
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            start = time.monotonic()
            try:
                testing.spin(8.0, 100, 10**6, None)
            except KeyboardInterrupt:
                assert time.monotonic() - start < 2.0
            else:
                raise AssertionError("not interrupted")
            release.set()
            for holder in holders:
                holder.join()
            assert testing.spin(0.03, 3, 2, None) == 3
            assert threads.leased_threads() == 0
        """)

    def test_a_solve_on_another_thread_leaves_ctrl_c_to_the_main_thread(self):
        run_python("""
            import os, signal, threading, time
            from hasten._core import testing

            steps = []
            solve = threading.Thread(target=lambda: steps.append(testing.spin(1.0, 20, 2, None)))
            solve.start()
            try:
                threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
                time.sleep(10)
            except KeyboardInterrupt:
                solve.join()
            assert steps == [20], steps
        """)


class TestFork:
    """Forking is deprecated in processes with threads, and people do it all the same."""

    def test_a_child_solves_after_its_parent_did(self):
        run_python("""
            import os, warnings
            import numpy as np
            from hasten._core import testing, threads

            warnings.simplefilter("ignore", DeprecationWarning)
            values = np.random.default_rng(0).standard_normal(1_000_000)
            expected = testing.parallel_sum(values, 2)
            for generation in range(3):
                child = os.fork()
                if child:
                    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    assert status == 0, status
                    break
                # The children of children too.
                assert threads.leased_threads() == 0
                for n_threads in (2, 3, 2):
                    assert testing.parallel_sum(values, n_threads) == expected
            assert testing.parallel_sum(values, 2) == expected
        """)

    def test_forks_while_other_threads_solve(self):
        run_python("""
            import os, threading, warnings
            import numpy as np
            from hasten._core import testing, threads

            warnings.simplefilter("ignore", DeprecationWarning)
            values = np.ones(200_000)
            stop = threading.Event()

            def work():
                while not stop.is_set():
                    assert testing.parallel_sum(values, 2) == 200_000

            workers = [threading.Thread(target=work) for _ in range(4)]
            for worker in workers:
                worker.start()
            for _ in range(20):
                child = os.fork()
                if not child:
                    assert testing.parallel_sum(values, 2) == 200_000
                    os._exit(0)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            stop.set()
            for worker in workers:
                worker.join()
        """)

    @pytest.mark.parametrize(
        ("n_threads", "child_raises", "status"),
        [(1, "", 0), (2, "", 1), (2, "raise ValueError", 1), (2, "raise SystemExit(7)", 7)],
    )
    def test_a_fork_inside_a_callback_never_hangs(self, n_threads, child_raises, status):
        """With several threads the solve belongs to the parent, and the child is ended."""
        run_python(f"""
            import os, warnings
            from hasten._core import testing

            warnings.simplefilter("ignore", DeprecationWarning)
            children = []

            def callback(info):
                if info.n_iter == 2:
                    child = os.fork()
                    if child:
                        children.append(child)
                    else:
                        {child_raises or "pass"}

            assert testing.spin(0.1, 5, {n_threads}, callback) == 5
            for child in children:
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == {status}
        """)


class TestThreads:
    @pytest.fixture(autouse=True)
    def _leave_no_setting(self):
        yield
        hasten.set_num_threads(None)

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("length", [0, 1, 4096, 4097, 1_000_003])
    def test_a_sum_has_the_same_bits_for_any_number_of_threads(self, dtype, length):
        rng = np.random.default_rng(1)
        values = (rng.standard_normal(length) * 10.0 ** rng.integers(-9, 9, length)).astype(dtype)
        sums = {testing.parallel_sum(values, n_threads) for n_threads in (1, 2, 3, 4, 7, None)}
        assert len(sums) == 1
        # Pairwise sums are off by a few eps of the sum of magnitudes, here with a wide margin.
        exact = float(np.sum(values, dtype=np.longdouble))
        bound = 64 * np.finfo(np.float64).eps * float(np.abs(values, dtype=np.float64).sum())
        assert abs(sums.pop() - exact) <= bound

    def test_sixteen_callers_at_once(self):
        values = np.random.default_rng(2).standard_normal(300_000)
        expected = testing.parallel_sum(values, 1)
        with ThreadPoolExecutor(16) as pool:
            sums = pool.map(lambda k: testing.parallel_sum(values, 1 + k % 4), range(160))
            assert set(sums) == {expected}
        assert core_threads.leased_threads() == 0

    def test_callers_together_hold_at_most_twice_the_cores(self):
        held = []
        with ThreadPoolExecutor(12) as pool:
            solves = [pool.submit(testing.spin, 0.1, 5, 2, None) for _ in range(12)]
            while not all(solve.done() for solve in solves):
                held.append(core_threads.leased_threads())
                time.sleep(0.002)
        assert 0 < max(held) <= 2 * len(os.sched_getaffinity(0))
        assert core_threads.leased_threads() == 0

    def test_setting_a_number(self):
        default = hasten.get_num_threads()
        assert default == core_threads.default_threads() >= 1
        hasten.set_num_threads(np.int64(3))
        assert hasten.get_num_threads() == _threads.resolve(None) == 3
        assert _threads.resolve(5) == 5
        assert type(_threads.resolve(np.int8(5))) is int
        hasten.set_num_threads(None)
        assert hasten.get_num_threads() == default

    @pytest.mark.parametrize("set_or_resolve", [hasten.set_num_threads, _threads.resolve])
    def test_bad_numbers(self, set_or_resolve):
        for value in (0, -1, -(2**70)):
            with pytest.raises(ValueError, match="`n_threads` must be at least 1"):
                set_or_resolve(value)
        for value in (2.0, "2", True, [2]):
            with pytest.raises(TypeError, match="`n_threads` must be an integer or None"):
                set_or_resolve(value)

    @pytest.mark.parametrize(
        ("rayon", "omp", "expected"),
        [
            ("3", "5", 3),
            ("", "5", 5),
            ("0", "5", 5),
            ("many", "5,2", 5),
            (" 7 ", "", 7),
            ("", "", None),
            ("-1", "0", None),
            ("9" * 40, "x", None),
        ],
    )
    def test_environment(self, rayon, omp, expected):
        environment = {"RAYON_NUM_THREADS": rayon, "OMP_NUM_THREADS": omp}
        program = "import hasten; print(hasten.get_num_threads())"
        available = len(os.sched_getaffinity(0))
        found = int(run_python(program, env=environment))
        if expected is None:
            # Quotas of a container may leave less than the affinity.
            assert 1 <= found <= available
        else:
            assert found == expected

    def test_affinity_is_respected(self):
        program = """
            import os, hasten
            os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
            print(hasten.get_num_threads())
        """
        environment = {"RAYON_NUM_THREADS": "", "OMP_NUM_THREADS": ""}
        assert run_python(program, env=environment) == "1\n"

    def test_nothing_starts_before_it_is_needed(self):
        run_python("""
            import threading, os
            import numpy as np
            before = len(os.listdir("/proc/self/task"))
            import hasten
            from hasten._core import testing
            assert len(os.listdir("/proc/self/task")) == before
            testing.parallel_sum(np.ones(100_000), 1)
            assert len(os.listdir("/proc/self/task")) == before
            testing.parallel_sum(np.ones(100_000), 2)
            assert len(os.listdir("/proc/self/task")) == before + 2
        """)
