//! Linear systems with the Laplacian of one graph: conjugate gradients, or a factor where it pays.
//!
//! A factor is computed at the first solve after the conductances changed and serves all that
//! follow.

use crate::control::Control;
use crate::error::Error;
use crate::linalg::DenseLaplacian;
use crate::parallel::Team;
use crate::sparse::{Graph, Laplacian, LaplacianCholesky, PcgParams, PcgWorkspace, pcg};

/// Entries of the factor per entry of the graph up to which a sparse factor pays in an iteration.
const MAX_FILL: f64 = 20.0;

/// Conjugate-gradient steps for one set of conductances above which a factor is considered.
const SLOW_SOLVE: usize = 60;

/// Largest graph, in entries, whose elimination order is worth computing.
const MAX_ANALYSED: usize = 1 << 23;

/// Up to this many nodes a factorisation costs less than the bookkeeping of anything else.
const SMALL: usize = 128;

/// Largest graph, in nodes, for a dense factorisation where conjugate gradients are slow.
const MAX_DENSE: usize = 2000;

/// Most entries of a sparse factor that many right-hand sides share.
const MAX_SHARED_FACTOR: f64 = 1e8;

/// Most multiplications of a sparse factorisation that many right-hand sides share.
const MAX_SHARED_WORK: f64 = 1e11;

/// Largest graph, in nodes, for a dense factor that many right-hand sides share.
const MAX_SHARED_DENSE: usize = 6000;

enum Method {
    Iterative(PcgWorkspace),
    Sparse(Box<LaplacianCholesky>),
    Dense(Option<DenseLaplacian>),
}

/// Solves with one pattern and changing conductances.
pub(super) struct LaplacianSolver {
    method: Method,
    /// A factor was computed or weighed up and refused.
    settled: bool,
    /// The factor belongs to the current conductances.
    is_current: bool,
    /// Conjugate-gradient steps with the current conductances.
    n_steps: usize,
}

impl LaplacianSolver {
    /// For a few solves with each set of conductances, each of about `expected_solve`
    /// conjugate-gradient steps: a factor replaces them once they prove slow.
    pub(super) fn adaptive(graph: &Graph<'_>, expected_solve: f64) -> Result<Self, Error> {
        let small = graph.n_nodes() <= SMALL;
        let method = if small {
            Method::Sparse(Box::new(LaplacianCholesky::analyse(graph)?))
        } else {
            Method::Iterative(PcgWorkspace::new(graph.n_nodes())?)
        };
        let mut solver = Self { method, settled: small, is_current: false, n_steps: 0 };
        if expected_solve > SLOW_SOLVE as f64 {
            solver.consider_factor(graph)?;
        }
        Ok(solver)
    }

    /// For many solves with the same conductances: a factor wherever one fits.
    pub(super) fn factorising(graph: &Graph<'_>) -> Result<Self, Error> {
        let n = graph.n_nodes();
        let sparse = if graph.n_entries() <= MAX_ANALYSED {
            LaplacianCholesky::analyse_within(graph, MAX_SHARED_FACTOR)?
                .filter(|factor| factor.n_multiplications() <= MAX_SHARED_WORK)
        } else {
            None
        };
        let full = (n * n / 8) as f64;
        let method = match sparse {
            Some(factor) if n > MAX_SHARED_DENSE || factor.fill() <= full => {
                Method::Sparse(Box::new(factor))
            }
            _ if n <= MAX_SHARED_DENSE => Method::Dense(None),
            _ => Method::Iterative(PcgWorkspace::new(n)?),
        };
        Ok(Self { method, settled: true, is_current: false, n_steps: 0 })
    }

    /// Name of the method in use.
    pub(super) fn name(&self) -> &'static str {
        match self.method {
            Method::Iterative(_) => "conjugate gradients",
            Method::Sparse(_) => "sparse Cholesky",
            Method::Dense(_) => "dense Cholesky",
        }
    }

    /// True where solutions are exact up to rounding, whatever tolerance was asked for.
    pub(super) fn is_exact(&self) -> bool {
        !matches!(self.method, Method::Iterative(_))
    }

    /// The conductances have changed: the next solve needs another factor.
    pub(super) fn invalidate(&mut self) {
        self.is_current = false;
        self.n_steps = 0;
    }

    /// Switch to a factorisation if the fill is moderate or the graph small enough.
    fn consider_factor(&mut self, graph: &Graph<'_>) -> Result<(), Error> {
        if self.settled {
            return Ok(());
        }
        self.settled = true;
        let (n, entries) = (graph.n_nodes(), graph.n_entries());
        if entries <= MAX_ANALYSED {
            let max_fill = MAX_FILL * entries as f64;
            if let Some(factor) = LaplacianCholesky::analyse_within(graph, max_fill)? {
                self.method = Method::Sparse(Box::new(factor));
                return Ok(());
            }
        }
        if n <= MAX_DENSE {
            self.method = Method::Dense(None);
        }
        Ok(())
    }

    /// Factorise where that is the method and the factor is out of date; return the passes over the
    /// data.
    fn prepare(
        &mut self,
        laplacian: &Laplacian<'_, f64>,
        control: &dyn Control,
    ) -> Result<usize, Error> {
        if self.is_current {
            return Ok(0);
        }
        let Laplacian { graph, conductance, .. } = laplacian;
        match &mut self.method {
            Method::Iterative(_) => return Ok(0),
            Method::Sparse(analysed) => {
                analysed.factorise(graph, conductance)?;
            }
            Method::Dense(factor) => {
                // Freed first, so that two factors are never held at once.
                *factor = None;
                *factor = Some(DenseLaplacian::factorise(graph, conductance)?);
            }
        }
        control.check()?;
        self.is_current = true;
        Ok(1)
    }

    /// Solve `L x = rhs` in the frame without mean; return the passes over the data.
    ///
    /// `params` are those of conjugate gradients; a factor is exact up to rounding.
    pub(super) fn solve(
        &mut self,
        laplacian: &Laplacian<'_, f64>,
        rhs: &[f64],
        x: &mut [f64],
        params: &PcgParams,
        team: &Team,
        control: &dyn Control,
    ) -> Result<usize, Error> {
        let n_passes = self.prepare(laplacian, control)?;
        match &mut self.method {
            Method::Iterative(workspace) => {
                let info = pcg(laplacian, rhs, x, params, workspace, team, control)?;
                self.n_steps += info.n_iter;
                if self.n_steps > SLOW_SOLVE {
                    self.consider_factor(&laplacian.graph)?;
                }
                return Ok(info.n_iter);
            }
            Method::Sparse(analysed) => {
                if let Some(mut factor) = analysed.factor() {
                    factor.solve(rhs, x);
                }
            }
            Method::Dense(factor) => {
                if let Some(factor) = factor {
                    factor.solve(rhs, x);
                }
            }
        }
        Ok(n_passes)
    }

    /// [`Self::solve`] for right-hand sides one after the other in memory.
    pub(super) fn solve_many(
        &mut self,
        laplacian: &Laplacian<'_, f64>,
        rhs: &[f64],
        x: &mut [f64],
        params: &PcgParams,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        self.prepare(laplacian, control)?;
        let n = laplacian.n_nodes().max(1);
        let columns = rhs.chunks(n).zip(x.chunks_mut(n));
        if let Method::Dense(Some(factor)) = &self.method {
            // A dense factor is read only: each thread may have a column of its own.
            team.for_each_part(columns.collect(), |(rhs, x)| factor.solve(rhs, x));
            return control.check();
        }
        for (rhs, x) in columns {
            self.solve(laplacian, rhs, x, params, team, control)?;
        }
        Ok(())
    }

    /// The diagonal of `L^+`; `None` without a factor.
    pub(super) fn pseudo_inverse_diagonal(
        &mut self,
        laplacian: &Laplacian<'_, f64>,
        control: &dyn Control,
    ) -> Result<Option<Vec<f64>>, Error> {
        self.prepare(laplacian, control)?;
        match &mut self.method {
            Method::Iterative(_) => Ok(None),
            Method::Sparse(analysed) => {
                analysed.factor().map(|mut factor| factor.pseudo_inverse_diagonal()).transpose()
            }
            Method::Dense(factor) => {
                factor.as_ref().map(DenseLaplacian::pseudo_inverse_diagonal).transpose()
            }
        }
    }
}
