//! Gauss-Legendre: table and series.

use hasten_core::quadrature::gauss::{gauss_legendre, gauss_legendre_into};

use crate::common::{alone, assert_sane, chebyshev, chebyshev_integral, integrate, relative};

/// n, k, and the k-th largest node, its weight and angle: Newton's iteration with 45 digits.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, clippy::excessive_precision, reason = "as computed")]
const REFERENCE: &[(usize, usize, f64, f64, f64)] = &[
    (5, 1, 0.9061798459386639928, 0.23692688505618908751, 0.43663494922552216204),
    (5, 2, 0.53846931010568309104, 0.47862867049936646804, 1.0021768036431216417),
    (24, 1, 0.99518721999702136018, 0.012341229799987199547, 0.098149329497936850677),
    (24, 2, 0.9747285559713094982, 0.028531388628933663181, 0.22529362263530757347),
    (24, 4, 0.88641552700440103421, 0.059298584915436780746, 0.48125319513136868735),
    (24, 9, 0.43379350762604513849, 0.11550566805372560135, 1.1220975232672506929),
    (24, 12, 0.064056892862605626085, 0.12793819534675215697, 1.5066955455581010309),
    (101, 1, 0.99971933952977027577, 0.00072023170640186370177, 0.023692766811651019152),
    (101, 2, 0.99852151198975750825, 0.0016758927604990288799, 0.054384786017452361963),
    (101, 15, 0.89757368669287858131, 0.013644632206221902258, 0.45656155955300753803),
    (101, 34, 0.50222598418541943104, 0.02676458602717292947, 1.0446252932015027225),
    (101, 50, 0.030946334564898204311, 0.030936451688597418337, 1.539845050675080046),
    (102, 1, 0.99972478882475758405, 0.00070624835145808905804, 0.023461619709677512871),
    (102, 2, 0.9985502126452126653, 0.0016433679187249395456, 0.053854206969948141532),
    (102, 15, 0.8995284847081002463, 0.013388851776226770794, 0.45210733694523251945),
    (102, 35, 0.48443149620971517037, 0.026812822053301447488, 1.0650831215951881542),
    (102, 51, 0.015324060066795875847, 0.030645720850972812172, 1.5554716669146737328),
    (137, 1, 0.99984706081169296957, 0.00039248134089377699013, 0.01748960187455676289),
    (137, 2, 0.99919426021221293442, 0.00091342302517762711316, 0.040145934135590011695),
    (137, 20, 0.89989807566636079298, 0.0099636496302070232858, 0.45126058583702679202),
    (137, 46, 0.50164468469117672647, 0.019764984439715403296, 1.045297389460424616),
    (137, 68, 0.022845807700783000035, 0.02284183217361698989, 1.5479485313049335791),
    (1000, 1, 0.99999711129807551057, 7.4133384164320715175e-6, 0.0024036236457719288929),
    (1000, 2, 0.99998477963291741832, 0.000017256769773739230118, 0.0055173192209020145661),
    (1000, 143, 0.90121190028169038235, 0.0013608180736448011953, 0.44823849186112657921),
    (1000, 334, 0.49931994881461497587, 0.0027205706667050796029, 1.047982628823124662),
    (1000, 500, 0.001570010480083193829, 0.003140018380182867787, 1.569226315669817627),
    (10000, 1, 0.99999997108696172481, 7.4200192732393227966e-8, 0.00024047053214277909217),
    (10000, 2, 0.99999984765892676517, 1.7272391761409501669e-7, 0.00055198021178806140167),
    (10000, 1429, 0.90095426250367931749, 0.00013631130780694860191, 0.44883261134637280839),
    (10000, 3334, 0.49993198375779093273, 0.00027206863641286442243, 1.0472760878076278062),
    (10000, 5000, 0.00015707177824834783418, 0.00031414355391322682763, 1.5706392550160024042),
];

#[test]
fn nodes_weights_and_angles_are_exact_to_rounding() {
    for &(n, k, x, w, theta) in REFERENCE {
        let rule = gauss_legendre(n, true, &alone(), &()).unwrap();
        let angles = rule.theta.as_ref().unwrap();
        for (at, x, theta) in [(n - k, x, theta), (k - 1, -x, std::f64::consts::PI - theta)] {
            assert!((rule.nodes[at] - x).abs() <= 4e-16, "{n} {k}: {} {x}", rule.nodes[at]);
            assert!(relative(rule.weights[at], w) <= 6e-16, "{n} {k}: {} {w}", rule.weights[at]);
            assert!(relative(angles[at], theta) <= 6e-16, "{n} {k}: {} {theta}", angles[at]);
        }
    }
}

#[test]
fn three_nodes_are_the_known_ones() {
    let rule = gauss_legendre(3, false, &alone(), &()).unwrap();
    assert!(relative(rule.nodes[2], 0.6_f64.sqrt()) < 2.3e-16 && rule.nodes[1] == 0.0);
    assert!(relative(rule.weights[0], 5.0 / 9.0) < 2.3e-16);
    assert!(relative(rule.weights[1], 8.0 / 9.0) < 2.3e-16);
    assert_eq!(rule.theta, None);
}

#[test]
fn every_rule_integrates_its_degree() {
    for n in (1..=130).chain([257, 1000]) {
        let rule = gauss_legendre(n, false, &alone(), &()).unwrap();
        assert_sane(&rule);
        let degrees = [0, 1, 2, n - 1, n, 2 * n - 2, 2 * n - 1];
        for k in degrees.into_iter().filter(|&k| k < 2 * n) {
            let error = (integrate(&rule, |x| chebyshev(k, x)) - chebyshev_integral(k)).abs();
            assert!(error < 4e-16 * (k + 10) as f64, "{n} {k}: {error:e}");
        }
        let beyond = (integrate(&rule, |x| chebyshev(2 * n, x)) - chebyshev_integral(2 * n)).abs();
        assert!(beyond > 0.1, "degree 2n is not integrated: {n} {beyond:e}");
    }
}

#[test]
fn a_large_rule_is_exact_and_symmetric() {
    let n = 200_001;
    let rule = gauss_legendre(n, true, &alone(), &()).unwrap();
    assert_sane(&rule);
    assert!((integrate(&rule, |_| 1.0) - 2.0).abs() <= 4.5e-16);
    assert!((integrate(&rule, f64::exp) - 2.0 * 1.0_f64.sinh()).abs() <= 9e-16);
    let theta = rule.theta.unwrap();
    for i in 0..n {
        assert_eq!(rule.nodes[i], -rule.nodes[n - 1 - i]);
        assert_eq!(rule.weights[i], rule.weights[n - 1 - i]);
        assert!((rule.nodes[i] - theta[i].cos()).abs() < 7e-16);
    }
    assert!(theta.windows(2).all(|pair| pair[0] > pair[1]));
}

#[test]
fn slices_of_the_caller_are_filled() {
    for n in [1, 2, 99, 100, 101, 5000] {
        let rule = gauss_legendre(n, true, &alone(), &()).unwrap();
        let [mut nodes, mut weights, mut theta] = [0; 3].map(|_| vec![f64::NAN; n]);
        let angles = Some(&mut theta[..]);
        gauss_legendre_into(&mut nodes, &mut weights, angles, &alone(), &()).unwrap();
        assert_eq!((&nodes, &weights), (&rule.nodes, &rule.weights));
        assert_eq!(Some(theta), rule.theta);
        weights.fill(f64::NAN);
        gauss_legendre_into(&mut nodes, &mut weights, None, &alone(), &()).unwrap();
        assert_eq!((&nodes, &weights), (&rule.nodes, &rule.weights));
    }
    let (mut nodes, mut other) = ([0.0; 3], [0.0; 2]);
    let refused = gauss_legendre_into(&mut nodes, &mut other, None, &alone(), &()).unwrap_err();
    assert_eq!(refused.to_string(), "`weights` must have length 3; got length 2");
}
