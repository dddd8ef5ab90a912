//! The same bits for any number of threads.

use hasten_core::parallel::Team;
use hasten_core::quadrature::gauss::{
    ChebyshevKind, FejerKind, HermiteWeight, Rule, clenshaw_curtis, fejer, gauss_chebyshev,
    gauss_hermite, gauss_jacobi, gauss_laguerre, gauss_legendre,
};

fn assert_same(make: impl Fn(&Team) -> Rule) {
    let alone = make(&Team::sequential());
    for n_threads in [2, 3] {
        assert_eq!(alone, make(&Team::lease(n_threads)));
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let n = 30_001;
    assert_same(|team| gauss_legendre(n, true, team, &()).unwrap());
    assert_same(|team| gauss_chebyshev(n, ChebyshevKind::Second, team, &()).unwrap());
    assert_same(|team| gauss_chebyshev(n, ChebyshevKind::Third, team, &()).unwrap());
    assert_same(|team| clenshaw_curtis(n, team, &()).unwrap());
    assert_same(|team| gauss_hermite(n, HermiteWeight::Physicist, team, &()).unwrap());
    assert_same(|team| gauss_laguerre(n, 0.5, team, &()).unwrap());
    assert_same(|team| gauss_jacobi(n, 0.5, -0.25, team, &()).unwrap());
    assert_same(|team| fejer(n, FejerKind::First, team, &()).unwrap());
}
