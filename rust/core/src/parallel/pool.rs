//! Leased thread pools: one call holds a pool at a time, and a forked child builds its own.
//!
//! All state sits in one immutable [`Pools`] value that is replaced by compare-and-swap. No lock
//! exists that a fork could leave taken: a child sees a consistent value, notices that it was
//! written under another process id, and starts from an empty one. The parent's pools are leaked
//! there, since their threads do not exist in the child and joining them would hang.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// How long a waiting call sleeps before it asks again whether it should give up.
const WAIT: Duration = Duration::from_millis(50);

static POOLS: ArcSwapOption<Pools> = ArcSwapOption::const_empty();

/// The threads of one pool, owned by the process that started them.
struct Pool {
    /// Present until dropped.
    threads: Option<ThreadPool>,
    n_threads: usize,
    process: u32,
}

impl Pool {
    fn start(n_threads: usize) -> Option<Self> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .thread_name(|k| format!("hasten-{k}"))
            .build()
            .ok()?;
        Some(Self { threads: Some(threads), n_threads, process: std::process::id() })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // Ending the pool would take locks that died with the parent's threads.
            std::mem::forget(self.threads.take());
        }
    }
}

/// What this process knows of its pools.
#[derive(Clone)]
struct Pools {
    process: u32,
    /// Threads that may be leased at once: twice the cores.
    limit: usize,
    /// Threads that are leased now.
    leased: usize,
    /// Pools that nobody holds, the longest unused first.
    idle: Vec<Arc<Pool>>,
    /// Threads that wait for a pool, in the order of their arrival.
    waiting: Vec<Thread>,
}

impl Pools {
    fn new() -> Self {
        Self {
            process: std::process::id(),
            limit: 2 * available(),
            leased: 0,
            idle: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Reserve `n_threads` for `caller` if it is first in line and they are free, or queue it.
    fn request(&mut self, n_threads: usize, caller: &Thread) -> Turn {
        let place = self.waiting.iter().position(|thread| thread.id() == caller.id());
        let n_threads = n_threads.min(self.limit);
        let first = self.waiting.is_empty() || place == Some(0);
        if !first || self.leased + n_threads > self.limit {
            if place.is_none() {
                self.waiting.push(caller.clone());
            }
            return Turn::Wait;
        }
        if let Some(place) = place {
            self.waiting.remove(place);
        }
        self.leased += n_threads;
        let found = self.idle.iter().rposition(|pool| pool.n_threads == n_threads);
        Turn::Go { n_threads, pool: found.map(|k| self.idle.remove(k)) }
    }

    /// Keep a pool for the next call, and let the longest unused go when many are kept.
    fn keep(&mut self, pool: Arc<Pool>) {
        self.idle.push(pool);
        while self.idle.iter().map(|pool| pool.n_threads).sum::<usize>() > self.limit {
            self.idle.remove(0);
        }
    }
}

/// The answer to a request for threads.
enum Turn {
    /// `n_threads` are reserved; `pool` is an idle pool of that size, if there is one.
    Go { n_threads: usize, pool: Option<Arc<Pool>> },
    /// Others come first.
    Wait,
}

/// Replace the pools by a changed copy and wake whoever is first in line afterwards.
fn update<R>(mut change: impl FnMut(&mut Pools) -> R) -> R {
    let mut outcome = None;
    POOLS.rcu(|current| {
        let mut next = match current {
            Some(pools) if pools.process == std::process::id() => Pools::clone(pools),
            _ => Pools::new(),
        };
        let answer = change(&mut next);
        outcome = Some((answer, next.waiting.first().cloned()));
        Some(Arc::new(next))
    });
    let (answer, first) = outcome.expect("rcu calls its closure at least once");
    if let Some(thread) = first {
        thread.unpark();
    }
    answer
}

/// The cores that this process may use: affinity and cgroup quotas are respected.
fn available() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The number of threads used when nobody says otherwise.
///
/// In this order: `RAYON_NUM_THREADS`, `OMP_NUM_THREADS` (of a list its first entry), the cores
/// that affinity and cgroup quotas leave to the process. A variable that is not a positive integer
/// is passed over.
pub fn default_threads() -> usize {
    let wish = |name| {
        let text = std::env::var(name).ok()?;
        text.split(',').next()?.trim().parse::<usize>().ok().filter(|&n| n > 0)
    };
    wish("RAYON_NUM_THREADS").or_else(|| wish("OMP_NUM_THREADS")).unwrap_or_else(available)
}

/// Threads that calls in this process hold at the moment.
pub fn leased_threads() -> usize {
    POOLS
        .load()
        .as_ref()
        .map_or(0, |pools| if pools.process == std::process::id() { pools.leased } else { 0 })
}

/// A pool held by one call; it goes back when the lease is dropped.
pub(super) struct Lease {
    pool: Arc<Pool>,
}

impl Lease {
    /// Wait for `n_threads` (at most twice the cores) while `stop` agrees; it is asked every 50 ms.
    ///
    /// `None` when the system refuses to start threads.
    pub(super) fn take<E>(
        n_threads: usize,
        mut stop: impl FnMut() -> Result<(), E>,
    ) -> Result<Option<Self>, E> {
        let caller = std::thread::current();
        let mut place = Place { caller: &caller, queued: false };
        loop {
            match update(|pools| pools.request(n_threads, &caller)) {
                Turn::Go { pool: Some(pool), .. } => {
                    place.queued = false;
                    return Ok(Some(Self { pool }));
                }
                Turn::Go { n_threads, pool: None } => {
                    place.queued = false;
                    let started = Pool::start(n_threads);
                    if started.is_none() {
                        update(|pools| pools.leased -= n_threads);
                    }
                    return Ok(started.map(|pool| Self { pool: Arc::new(pool) }));
                }
                Turn::Wait => {
                    place.queued = true;
                    std::thread::park_timeout(WAIT);
                    stop()?;
                }
            }
        }
    }

    /// As [`Lease::take`], for a caller that waits as long as it takes.
    pub(super) fn wait_for(n_threads: usize) -> Option<Self> {
        match Self::take(n_threads, || Ok::<(), Infallible>(())) {
            Ok(lease) => lease,
        }
    }

    /// A pool of exactly `n_threads`, however few cores there are.
    #[cfg(test)]
    pub(super) fn beyond_limit(n_threads: usize) -> Self {
        update(|pools| pools.leased += n_threads);
        Self { pool: Arc::new(Pool::start(n_threads).unwrap()) }
    }

    pub(super) fn threads(&self) -> &ThreadPool {
        self.pool.threads.as_ref().expect("present until dropped")
    }

    pub(super) fn n_threads(&self) -> usize {
        self.pool.n_threads
    }

    /// Run `f` while the leased threads, which rest meanwhile, count as free.
    pub(super) fn rest<R>(&self, f: impl FnOnce() -> R) -> R {
        let _resting = Resting::begin(&self.pool);
        f()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.pool.process == std::process::id() {
            update(|pools| {
                pools.leased -= self.pool.n_threads;
                pools.keep(Arc::clone(&self.pool));
            });
        }
    }
}

/// Gives the place in the line up when a waiting call ends without its turn.
struct Place<'a> {
    caller: &'a Thread,
    queued: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.queued {
            update(|pools| pools.waiting.retain(|thread| thread.id() != self.caller.id()));
        }
    }
}

/// Takes the threads out of the count, and puts them back when dropped.
struct Resting<'a> {
    pool: &'a Pool,
}

impl<'a> Resting<'a> {
    fn begin(pool: &'a Pool) -> Self {
        update(|pools| pools.leased -= pool.n_threads);
        Self { pool }
    }
}

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        if self.pool.process == std::process::id() {
            // Without waiting, so that a callback which solves cannot block the solve it serves.
            update(|pools| pools.leased += self.pool.n_threads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_does_not_fit_waits_its_turn() {
        let mut pools = Pools { limit: 4, ..Pools::new() };
        let caller = std::thread::current();
        let other = std::thread::spawn(std::thread::current).join().unwrap();
        assert!(matches!(pools.request(3, &caller), Turn::Go { n_threads: 3, pool: None }));
        assert!(matches!(pools.request(2, &other), Turn::Wait));
        assert!(matches!(pools.request(1, &caller), Turn::Wait), "nobody overtakes");
        pools.leased -= 3;
        assert!(matches!(pools.request(1, &caller), Turn::Wait));
        assert!(matches!(pools.request(2, &other), Turn::Go { n_threads: 2, .. }));
        assert!(matches!(pools.request(1, &caller), Turn::Go { n_threads: 1, .. }));
        assert!(pools.waiting.is_empty());
        assert_eq!(pools.leased, 3);
    }

    #[test]
    fn a_request_is_cut_to_the_limit() {
        let mut pools = Pools { limit: 4, ..Pools::new() };
        let turn = pools.request(1_000_000, &std::thread::current());
        assert!(matches!(turn, Turn::Go { n_threads: 4, pool: None }));
    }

    #[test]
    fn pools_are_used_again_and_the_oldest_goes_first() {
        let mut pools = Pools { limit: 4, ..Pools::new() };
        let caller = std::thread::current();
        for n_threads in [1, 2, 3] {
            pools.keep(Arc::new(Pool::start(n_threads).unwrap()));
        }
        let sizes: Vec<_> = pools.idle.iter().map(|pool| pool.n_threads).collect();
        assert_eq!(sizes, [3]);
        assert!(matches!(pools.request(3, &caller), Turn::Go { pool: Some(_), .. }));
        assert!(pools.idle.is_empty());
    }

    #[test]
    fn a_call_that_gives_up_waiting_leaves_the_line() {
        let all = Lease::wait_for(usize::MAX).unwrap();
        assert_eq!(all.n_threads(), 2 * available());
        let refused =
            std::thread::spawn(|| Lease::take(1, || Err("stop")).map(|_| ())).join().unwrap();
        assert_eq!(refused, Err("stop"));
        let inner = all.rest(|| Lease::wait_for(2).unwrap().n_threads());
        assert_eq!(inner, 2, "resting threads make room for a nested call");
        drop(all);
        assert!(POOLS.load().as_ref().unwrap().waiting.is_empty());
    }
}
