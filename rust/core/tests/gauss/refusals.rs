//! Bad input is refused by name.

use std::sync::atomic::{AtomicUsize, Ordering};

use hasten_core::quadrature::gauss::{
    ChebyshevKind, FejerKind, HermiteWeight, Rule, clenshaw_curtis, fejer, gauss_chebyshev,
    gauss_gegenbauer, gauss_hermite, gauss_jacobi, gauss_kronrod, gauss_laguerre, gauss_legendre,
    gauss_lobatto, gauss_radau, golub_welsch,
};
use hasten_core::{Control, Error, Flow, Info};

use crate::common::alone;

fn message(result: Result<Rule, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn no_nodes_is_no_rule() {
    let expected = "`n` must be at least 1; got 0";
    let team = alone();
    assert_eq!(message(gauss_legendre(0, true, &team, &())), expected);
    assert_eq!(message(gauss_chebyshev(0, ChebyshevKind::Third, &team, &())), expected);
    assert_eq!(message(clenshaw_curtis(0, &team, &())), expected);
    assert_eq!(message(fejer(0, FejerKind::First, &team, &())), expected);
    assert_eq!(message(gauss_hermite(0, HermiteWeight::Physicist, &team, &())), expected);
    assert_eq!(message(gauss_laguerre(0, 0.0, &team, &())), expected);
    assert_eq!(message(gauss_jacobi(0, 0.0, 0.0, &team, &())), expected);
    assert_eq!(message(gauss_gegenbauer(0, 1.0, &team, &())), expected);
    assert_eq!(message(gauss_radau(0, &team, &())), expected);
    assert_eq!(gauss_kronrod(0, &()).unwrap_err().to_string(), expected);
    assert_eq!(message(gauss_lobatto(1, &team, &())), "`n` must be at least 2; got 1");
}

#[test]
fn parameters_have_bounds() {
    let team = alone();
    for bad in [-1.0, -2.0, f64::NAN, f64::INFINITY] {
        let expected = |name| format!("`{name}` must be finite and above -1; got {bad}");
        assert_eq!(message(gauss_laguerre(3, bad, &team, &())), expected("alpha"));
        assert_eq!(message(gauss_jacobi(3, bad, 0.0, &team, &())), expected("alpha"));
        assert_eq!(message(gauss_jacobi(3, 0.0, bad, &team, &())), expected("beta"));
    }
    let result = gauss_gegenbauer(3, -0.5, &team, &());
    assert_eq!(message(result), "`lambda` must be finite and above -1/2; got -0.5");
}

#[test]
fn rules_beyond_memory_are_refused() {
    let huge = usize::MAX / 16;
    assert!(matches!(gauss_legendre(huge, false, &alone(), &()), Err(Error::TooLarge { .. })));
    assert!(matches!(clenshaw_curtis(huge, &alone(), &()), Err(Error::TooLarge { .. })));
}

#[test]
fn recurrences_are_checked() {
    let refused = |alpha: &[f64], beta: &[f64], mu0| message(golub_welsch(alpha, beta, mu0, &()));
    assert_eq!(refused(&[], &[], 1.0), "`alpha` must have at least 1 entry; got 0");
    assert_eq!(
        refused(&[0.0, 0.0], &[], 1.0),
        "`beta` must have 1 entries, one fewer than `alpha`; got 0"
    );
    assert_eq!(
        refused(&[0.0, f64::NAN], &[1.0], 1.0),
        "`alpha` must be finite; got NaN at index 1"
    );
    assert_eq!(refused(&[0.0; 3], &[1.0, 0.0], 1.0), "`beta` must be positive; got 0 at index 1");
    assert_eq!(refused(&[0.0], &[], -1.0), "`mu0` must be positive and finite; got -1");
}

/// A caller who has changed their mind.
struct Impatient;

impl Control for Impatient {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Err(Error::Interrupted)
    }

    fn check(&self) -> Result<(), Error> {
        Err(Error::Interrupted)
    }
}

#[test]
fn long_rules_can_be_interrupted() {
    let n = 1000;
    let (alpha, beta) = (vec![0.0; n], vec![0.25; n - 1]);
    let results = [
        gauss_legendre(n, false, &alone(), &Impatient),
        gauss_chebyshev(n, ChebyshevKind::Fourth, &alone(), &Impatient),
        clenshaw_curtis(n, &alone(), &Impatient),
        golub_welsch(&alpha, &beta, 1.0, &Impatient),
        gauss_hermite(n, HermiteWeight::Probabilist, &alone(), &Impatient),
        gauss_laguerre(n, 0.0, &alone(), &Impatient),
        gauss_jacobi(n, 0.0, 0.0, &alone(), &Impatient),
    ];
    for result in results {
        assert_eq!(result, Err(Error::Interrupted));
    }
}

/// A caller who looks up now and then and gives up after a while.
struct Counting {
    looks: AtomicUsize,
    patience: usize,
}

impl Control for Counting {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        self.check().map(|()| Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        if looks > self.patience { Err(Error::Interrupted) } else { Ok(()) }
    }
}

#[test]
fn marches_look_up_every_few_thousand_roots() {
    type Make<'a> = &'a dyn Fn(&Counting) -> Result<Rule, Error>;
    let n = 100_000;
    let count = |patience, make: Make<'_>| {
        let control = Counting { looks: AtomicUsize::new(0), patience };
        let is_made = make(&control).is_ok();
        (is_made, control.looks.into_inner())
    };
    let makers: [Make<'_>; 3] = [
        &|control| gauss_hermite(n, HermiteWeight::Physicist, &alone(), control),
        &|control| gauss_laguerre(n, 0.5, &alone(), control),
        &|control| gauss_jacobi(n, 0.0, 0.5, &alone(), control),
    ];
    for make in makers {
        let (is_made, looks) = count(usize::MAX, make);
        // Half of the roots lie on each side, and both sides are marched together.
        assert!(is_made && looks >= n / 2 / 5000, "{looks}");
        assert_eq!(count(5, make), (false, 6));
    }
}
