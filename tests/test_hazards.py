"""What goes wrong in every extension sooner or later, tried on everything that is public."""

import copy
import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from .hazards import cases, fingerprint, public_callables
from .subprocesses import run_python

ROOT = Path(__file__).parent.parent
CASES = cases()


def having(condition):
    """Run a test once for each case that has what it needs."""
    return pytest.mark.parametrize("name", [name for name in CASES if condition(CASES[name])])


def anything(case):
    return True


def arrays(case):
    return any(isinstance(value, np.ndarray) for value in case.data().values())


def result_of(case, **changes):
    return fingerprint(case.run(**(case.data() | changes)))


class TestRegistry:
    """No family can forget a hazard: these fail when a public name has no case."""

    def test_every_public_callable_has_a_case(self):
        assert set(CASES) == set(public_callables())

    @pytest.mark.parametrize("name", CASES)
    def test_a_case_covers_what_its_callable_can_do(self, name):
        public = public_callables()[name]
        if isinstance(public, type) and issubclass(public, BaseException):
            return
        parameters = inspect.signature(public).parameters
        assert CASES[name].has_threads or "n_threads" not in parameters
        assert CASES[name].long or not {"callback", "max_iter"} & set(parameters)

    @pytest.mark.parametrize("name", CASES)
    def test_a_class_has_a_case_that_makes_it(self, name):
        public = public_callables()[name]
        if isinstance(public, type):
            assert isinstance(CASES[name].run(**CASES[name].data()), public)


class TestSameAnswer:
    @having(lambda case: case.has_threads)
    def test_for_any_number_of_threads(self, name):
        alone = result_of(CASES[name], n_threads=1)
        for n_threads in (2, 4):
            assert result_of(CASES[name], n_threads=n_threads) == alone

    @having(anything)
    def test_from_sixteen_threads_at_once(self, name):
        case = CASES[name]
        data = case.data()
        expected = fingerprint(case.run(**data))

        def run(k):
            options = {"n_threads": 1 + k % 4} if case.has_threads else {}
            return fingerprint(case.run(**data, **options))

        with ThreadPoolExecutor(16) as pool:
            for answer in pool.map(run, range(16)):
                assert answer == expected

    @having(lambda case: case.has_threads)
    def test_in_a_forked_child_after_a_parallel_solve(self, name):
        program = """
            import os, sys, warnings
            from tests.hazards import cases, fingerprint

            warnings.simplefilter("ignore", DeprecationWarning)  # Forking with threads, on purpose.
            case = cases()[sys.argv[1]]
            expected = fingerprint(case.run(**case.data(), n_threads=2))
            child = os.fork()
            if not child:
                same = fingerprint(case.run(**case.data(), n_threads=2)) == expected
                os._exit(0 if same else 3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        """
        run_python(program, name, cwd=ROOT)


class TestInterrupt:
    @having(lambda case: case.long is not None)
    def test_ctrl_c_ends_a_long_solve_within_half_a_second(self, name):
        program = """
            import os, signal, sys, threading, time
            from tests.hazards import cases

            solve = cases()[sys.argv[1]].long()
            for _ in range(5):
                timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
                timer.start()
                start = time.monotonic()
                try:
                    solve()
                except KeyboardInterrupt:
                    print(time.monotonic() - start - 0.3)
                timer.join()
        """
        delays = [float(line) for line in run_python(program, name, cwd=ROOT).split()]
        assert len(delays) == 5
        assert min(delays) < 0.5


class TestInputs:
    @staticmethod
    def layouts(array):
        """Yield the same values as read-only, transposed, reversed, strided and foreign memory."""
        frozen = array.copy()
        frozen.flags.writeable = False
        yield frozen
        yield np.asfortranarray(array)
        backwards = (slice(None, None, -1),) * array.ndim
        yield array[backwards].copy()[backwards]
        yield np.repeat(array, 2, axis=0)[::2]
        if array.dtype.kind in "iuf":
            yield array.astype(array.dtype.newbyteorder())
            unaligned = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
            unaligned[:] = array.ravel()
            yield unaligned.reshape(array.shape)

    @having(arrays)
    def test_any_memory_layout_gives_the_same_bits(self, name):
        case = CASES[name]
        expected = result_of(case)
        for argument, array in case.data().items():
            if isinstance(array, np.ndarray):
                for variant in self.layouts(array):
                    np.testing.assert_array_equal(variant, array)
                    assert result_of(case, **{argument: variant}) == expected

    @having(arrays)
    def test_empty_arrays_are_answered_or_refused(self, name):
        case = CASES[name]
        empty = {k: v[:0] for k, v in case.data().items() if isinstance(v, np.ndarray)}
        for changes in [empty, *({k: v} for k, v in empty.items())]:
            try:
                result_of(case, **changes)
            except (ValueError, TypeError) as refusal:
                assert str(refusal)  # noqa: PT017  An answer is fine too.

    @having(lambda case: case.data())
    def test_inputs_are_not_modified(self, name):
        case = CASES[name]
        data = case.data()
        before = copy.deepcopy(data)
        case.run(**data)
        assert fingerprint(data) == fingerprint(before)


class TestPickle:
    @having(anything)
    def test_results_survive_pickling(self, name):
        result = CASES[name].run(**CASES[name].data())
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(result, protocol))
            assert fingerprint(again) == fingerprint(result)
            assert str(again) == str(result)


class TestImport:
    def test_it_costs_at_most_fifty_milliseconds(self):
        program = """
            import time
            import numpy
            start = time.perf_counter()
            import hasten
            print(time.perf_counter() - start)
        """
        assert min(float(run_python(program)) for _ in range(5)) <= 0.05

    def test_heavy_packages_wait_until_they_are_needed(self):
        run_python("""
            import sys
            import hasten
            heavy = {"scipy", "sklearn", "matplotlib", "pandas", "joblib", "tqdm", "cupy"}
            assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """)

    def test_first_access_from_sixteen_threads(self):
        run_python("""
            import threading, types
            import hasten

            start, found = threading.Barrier(16), []

            def walk():
                start.wait()
                modules, members = [hasten], {}
                for module in modules:
                    for name in module.__all__:
                        member = getattr(module, name)
                        members[f"{module.__name__}.{name}"] = id(member)
                        if isinstance(member, types.ModuleType):
                            modules.append(member)
                found.append(members)

            walkers = [threading.Thread(target=walk) for _ in range(16)]
            for walker in walkers:
                walker.start()
            for walker in walkers:
                walker.join()
            assert len(found) == 16
            assert all(members == found[0] for members in found)
        """)
