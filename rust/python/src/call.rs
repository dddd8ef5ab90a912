//! The one doorway from Python into the core: every `#[pyfunction]` that computes goes through
//! [`run`].
//!
//! Python runs signal handlers only on its main thread, and a callback expects the thread that
//! made the call. So the thread that came from Python stays responsive: with several threads the
//! solve moves to a leased team while it waits and looks after signals and callbacks; short or
//! single-threaded work runs on it directly and looks up now and then.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use hasten_core::control::{Control, Flow, Info};
use hasten_core::error::Error;
use hasten_core::parallel::{Team, default_threads};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::to_py;
use crate::progress;

/// Time between two looks at Python's pending signals.
const LOOK: Duration = Duration::from_millis(50);

/// Estimated seconds of work below which several threads are not worth the hand-over.
const HAND_OVER: f64 = 0.02;

/// How a call wants to be run.
pub(crate) struct Call {
    /// Threads to use; `None` leaves the choice to the environment.
    pub(crate) n_threads: Option<usize>,
    /// Python object called once per iteration.
    pub(crate) callback: Option<Py<PyAny>>,
    /// Estimated seconds of work on one thread.
    pub(crate) work: f64,
}

/// Run `work` with the interpreter detached.
///
/// Ctrl-C raises the pending `KeyboardInterrupt`, an exception in the callback is raised as it
/// was, and the callback stops the solve by returning True. A panic becomes a `RuntimeError`,
/// because that of `pyo3` escapes `except Exception` and ends worker processes.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    options: Call,
    work: impl FnOnce(&Team, &mut dyn Control) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let Call { n_threads, callback, work: seconds } = options;
    // Read while attached: another thread may not change the environment meanwhile.
    let n_threads = if seconds < HAND_OVER { 1 } else { n_threads.unwrap_or_else(default_threads) };
    let caller = Caller::new(callback);
    let (outcome, caller) = py.detach(move || {
        let team = match Team::lease_unless(n_threads, || caller.look()) {
            Ok(team) => team,
            Err(error) => return (Ok(Err(error)), caller),
        };
        if team.n_threads() == 1 {
            let mut control = Present { caller };
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&team, &mut control)));
            return (outcome, control.caller);
        }
        (supervise(&team, &caller, work), caller)
    });
    if let Some(raised) = caller.raised.into_inner() {
        return Err(raised);
    }
    match outcome {
        Ok(result) => result.map_err(|error| to_py(py, error)),
        Err(panic) => Err(internal_error(panic.as_ref())),
    }
}

/// Run `work` on the team while the calling thread looks after signals and the callback.
fn supervise<T: Send>(
    team: &Team,
    caller: &Caller,
    work: impl FnOnce(&Team, &mut dyn Control) -> Result<T, Error> + Send,
) -> std::thread::Result<Result<T, Error>> {
    let cancel = AtomicBool::new(false);
    let (reports, inbox) = mpsc::channel();
    let (replies, answers) = mpsc::channel();
    let mut control =
        Remote { cancel: &cancel, reports, answers, wanted: caller.callback.is_some() };
    team.hand_over(
        // Moved in, so that the end of the work closes the channel and with it the watch.
        move || catch_unwind(AssertUnwindSafe(|| work(team, &mut control))),
        || watch(team, caller, &cancel, &inbox, &replies),
    )
}

/// Wait for the work to end; deliver its reports, and cancel it when Python raises.
fn watch(
    team: &Team,
    caller: &Caller,
    cancel: &AtomicBool,
    inbox: &Receiver<Report>,
    replies: &Sender<Result<Flow, Error>>,
) {
    loop {
        match inbox.recv_timeout(LOOK) {
            Ok(report) => {
                // The solver waits for the answer, so a solve inside the callback may have its cores.
                let answer = team.rest(|| caller.deliver(report, AfterFork::End));
                // A solver that panicked meanwhile waits for no answer.
                let _ = replies.send(answer);
            }
            Err(RecvTimeoutError::Timeout) => {
                if caller.look().is_err() {
                    cancel.store(true, Ordering::Relaxed);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// One report of a solver, on its way to the callback.
struct Report {
    n_iter: usize,
    error: f64,
    x: Vec<f64>,
}

impl Report {
    fn new(info: &Info<'_>) -> Self {
        Self { n_iter: info.n_iter, error: info.error, x: (info.iterate)() }
    }
}

/// Whether a child that was forked inside a callback can go on with the solve.
#[derive(Clone, Copy, PartialEq)]
enum AfterFork {
    /// The solve runs on the thread that forked.
    Continue,
    /// The solve runs on threads that the child does not have.
    End,
}

/// The thread that came from Python: the only one on which Python code runs.
struct Caller {
    callback: Option<Py<PyAny>>,
    raised: RefCell<Option<PyErr>>,
    looked: Cell<Instant>,
    process: u32,
}

impl Caller {
    fn new(callback: Option<Py<PyAny>>) -> Self {
        Self {
            callback,
            raised: RefCell::new(None),
            looked: Cell::new(Instant::now()),
            process: std::process::id(),
        }
    }

    /// Run pending signal handlers, unless that was done a moment ago.
    fn look(&self) -> Result<(), Error> {
        if self.raised.borrow().is_some() {
            return Err(Error::Interrupted);
        }
        if self.looked.get().elapsed() < LOOK {
            return Ok(());
        }
        self.looked.set(Instant::now());
        #[expect(clippy::redundant_closure_for_method_calls, reason = "a method has one lifetime")]
        self.ask(|py| py.check_signals())
    }

    /// Call the callback with a report.
    fn deliver(&self, report: Report, after_fork: AfterFork) -> Result<Flow, Error> {
        let Some(callback) = &self.callback else { return Ok(Flow::Continue) };
        if self.raised.borrow().is_some() {
            return Err(Error::Interrupted);
        }
        self.ask(|py| {
            py.check_signals()?;
            let info = progress::Info::new(py, report.n_iter, report.error, report.x)?;
            // Only a boolean is an answer: other values are what a one-line lambda happens to give.
            let answer =
                callback.bind(py).call1((info,)).map(|a| a.extract::<bool>().unwrap_or(false));
            if after_fork == AfterFork::End && self.process != std::process::id() {
                end_child(py, answer.err());
            }
            Ok(if answer? { Flow::Stop } else { Flow::Continue })
        })
    }

    /// Run Python code, and keep what it raises.
    fn ask<R>(&self, code: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R, Error> {
        // Nothing can be attached to an interpreter that is shutting down.
        match Python::try_attach(code) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(raised)) => {
                self.raised.replace(Some(raised));
                Err(Error::Interrupted)
            }
            None => Err(Error::Interrupted),
        }
    }
}

/// End a child process that came back from a callback in which it was forked.
///
/// Its stack belongs to a solve whose threads exist in the parent only: waiting for them would
/// hang, and the stack cannot be left without them.
fn end_child(py: Python<'_>, raised: Option<PyErr>) -> ! {
    // `print` also ends the process in the ordinary way when `SystemExit` was raised.
    raised
        .unwrap_or_else(|| {
            PyRuntimeError::new_err(
                "a process forked inside a callback cannot continue the solve; end it with \
                 os._exit() in the callback, or pass n_threads=1",
            )
        })
        .print(py);
    // Returns only if `os` cannot be imported; an orderly exit is then the next best.
    let _ = py.import("os").and_then(|os| os.call_method1("_exit", (1,)));
    std::process::exit(1)
}

/// Control of a solve on the calling thread itself.
struct Present {
    caller: Caller,
}

impl Control for Present {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        self.check()?;
        if self.caller.callback.is_none() {
            return Ok(Flow::Continue);
        }
        self.caller.deliver(Report::new(info), AfterFork::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        self.caller.look()
    }
}

/// Control of a solve on the team's threads.
struct Remote<'a> {
    cancel: &'a AtomicBool,
    reports: Sender<Report>,
    answers: Receiver<Result<Flow, Error>>,
    wanted: bool,
}

impl Control for Remote<'_> {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        self.check()?;
        if !self.wanted {
            return Ok(Flow::Continue);
        }
        self.reports.send(Report::new(info)).map_err(|_| Error::Interrupted)?;
        self.answers.recv().map_err(|_| Error::Interrupted)?
    }

    fn check(&self) -> Result<(), Error> {
        if self.cancel.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

fn internal_error(panic: &(dyn Any + Send)) -> PyErr {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    PyRuntimeError::new_err(format!("internal error, please report it: {reason}"))
}
