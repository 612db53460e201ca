//! The elementary functions against the standard library's, and their special values.
//! The reference is itself off by up to one unit in the last place, so a bound of 2 here is about 1.5 in truth.

use sbi_sim::elementary as own;

/// The distance of two numbers in units in the last place; 0 for two NaNs.
fn ulps(a: f64, b: f64) -> u64 {
    let line =
        |x: f64| if x.is_sign_negative() { -((x.to_bits() << 1 >> 1) as i128) } else { x.to_bits() as i128 };
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => (line(a) - line(b)).unsigned_abs() as u64,
        _ => u64::MAX,
    }
}

/// A number that runs through `[low, high]` without hitting round values.
fn grid(low: f64, high: f64, n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(move |k| low + (high - low) * ((k as f64 * 0.618_033_988_749_894_9).fract()))
}

/// Numbers of every size, of both signs.
fn sizes() -> impl Iterator<Item = f64> {
    grid(-1074.0, 1024.0, 20_000).flat_map(|e| [e.exp2(), -e.exp2()])
}

fn compare(name: &str, bound: u64, own: fn(f64) -> f64, std: fn(f64) -> f64, at: impl Iterator<Item = f64>) {
    let (worst, x) = at.map(|x| (ulps(own(x), std(x)), x)).max_by_key(|(u, _)| *u).unwrap();
    assert!(worst <= bound, "{name}({x:e}) = {:e}, not {:e}: {worst} ulp", own(x), std(x));
}

#[test]
fn functions_agree_with_the_standard_library() {
    compare("exp", 1, own::exp, f64::exp, grid(-745.0, 709.7, 60_000).chain(grid(-1.0, 1.0, 20_000)));
    compare("ln", 1, own::ln, f64::ln, sizes().chain(grid(0.5, 2.0, 60_000)));
    compare("sin", 1, own::sin, f64::sin, grid(-10.0, 10.0, 60_000).chain(sizes()));
    compare("cos", 1, own::cos, f64::cos, grid(-10.0, 10.0, 60_000).chain(sizes()));
    compare("tan", 2, own::tan, f64::tan, grid(-10.0, 10.0, 60_000).chain(sizes()));
    compare("atan", 1, own::atan, f64::atan, grid(-5.0, 5.0, 60_000).chain(sizes()));
    compare("tanh", 2, own::tanh, f64::tanh, grid(-25.0, 25.0, 60_000).chain(sizes()));
    let logistic = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
    compare("logistic", 2, own::logistic, logistic, grid(-740.0, 740.0, 60_000).chain(sizes()));
}

#[test]
fn powers_agree_with_the_standard_library() {
    let mut worst = (0, 0.0, 0.0);
    let mut note = |x: f64, y: f64| {
        let off = ulps(own::pow(x, y), x.powf(y));
        if off > worst.0 {
            worst = (off, x, y);
        }
    };
    // Exponents are spread so that the results run from the least to the largest number.
    for (x, t) in grid(-1074.0, 1024.0, 40_000).map(f64::exp2).zip(grid(-745.0, 709.0, 40_001)) {
        note(x, t / x.ln());
    }
    for (x, y) in grid(0.0, 20.0, 40_000).zip(grid(-9.0, 9.0, 40_007)) {
        note(x, y);
    }
    for (x, y) in grid(0.9999, 1.0001, 20_000).zip(grid(-1e6, 1e6, 20_003)) {
        note(x, y);
    }
    assert!(worst.0 <= 1, "pow({:e}, {:e}) is off by {} ulp", worst.1, worst.2, worst.0);
}

#[test]
fn powers_have_their_special_values() {
    let ends = [
        0.0,
        0.5,
        1.0,
        2.0,
        3.0,
        1e300,
        f64::MIN_POSITIVE / 8.0,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        4.5,
        1e17,
    ];
    let both = || ends.into_iter().flat_map(|x| [x, -x]);
    for x in both() {
        for y in both() {
            let (got, wanted) = (own::pow(x, y), x.powf(y));
            assert!(ulps(got, wanted) <= 1, "pow({x:e}, {y:e}) = {got:e}, not {wanted:e}");
            assert!(
                wanted.is_nan() || got.is_sign_negative() == wanted.is_sign_negative(),
                "pow({x:e}, {y:e}): sign"
            );
        }
    }
}

#[test]
fn rounding_is_exact() {
    let edges =
        [0.0, 0.3, 0.5, 0.49999999999999994, 1.0, 1.5, 2.5, 4503599627370495.5, 4503599627370497.0, 1e300];
    let ends = edges.into_iter().chain([f64::INFINITY, f64::NAN, f64::MIN_POSITIVE]).flat_map(|x| [x, -x]);
    for x in ends.chain(grid(-1e3, 1e3, 10_000)).chain(grid(-3e15, 3e15, 10_000)) {
        for (own, std) in [
            (own::floor as fn(f64) -> f64, f64::floor as fn(f64) -> f64),
            (own::ceil, f64::ceil),
            (own::round, f64::round),
        ] {
            let (a, b) = (own(x), std(x));
            assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{x}: {a}, not {b}");
        }
    }
}

#[test]
fn special_values_come_out() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    assert_eq!((own::ln(0.0), own::ln(inf)), (-inf, inf));
    assert!(own::ln(-1.0).is_nan() && own::ln(-0.0) == -inf);
    assert_eq!((own::exp(710.0), own::exp(-746.0), own::exp(inf), own::exp(-inf)), (inf, 0.0, inf, 0.0));
    assert_eq!(
        (own::tanh(inf), own::tanh(-inf), own::logistic(inf), own::logistic(-inf)),
        (1.0, -1.0, 1.0, 0.0)
    );
    assert_eq!(own::atan(inf), std::f64::consts::FRAC_PI_2);
    assert_eq!((own::sign(-0.0), own::sign(-2.0), own::sign(inf)), (0.0, -1.0, 1.0));
    for f in [own::sin, own::cos, own::tan] {
        assert!(f(inf).is_nan() && f(-inf).is_nan());
    }
    type Function = fn(f64) -> f64;
    let all: [(&str, Function); 12] = [
        ("exp", own::exp),
        ("ln", own::ln),
        ("sin", own::sin),
        ("cos", own::cos),
        ("tan", own::tan),
        ("atan", own::atan),
        ("tanh", own::tanh),
        ("logistic", own::logistic),
        ("sqrt", own::sqrt),
        ("sign", own::sign),
        ("floor", own::floor),
        ("round", own::round),
    ];
    for (name, f) in all {
        assert!(f(nan).is_nan(), "{name}(NaN)");
    }
    assert!(own::min(nan, 1.0).is_nan() && own::min(1.0, nan).is_nan());
    assert!(own::max(nan, 1.0).is_nan() && own::max(1.0, nan).is_nan());
}

/// The way for large angles and the way for moderate ones meet; and the hardest case known for doubles,
/// `6381956970095103 * 2^797`, whose distance to a multiple of pi / 2 is 2^-61 (Muller, Elementary Functions, 11).
#[test]
fn large_angles_are_reduced_exactly() {
    let hardest = 6_381_956_970_095_103.0 * 797f64.exp2();
    assert_eq!(own::cos(hardest), -4.687_165_924_254_628e-19);
    compare("sin", 1, own::sin, f64::sin, grid(1.6e6 - 100.0, 1.6e6 + 100.0, 10_000));
    compare("cos", 1, own::cos, f64::cos, grid(-3.3e6, -0.1e6, 10_000));
    for x in grid(-1.6e6, 1.6e6, 10_000) {
        assert_eq!(own::sin(x).to_bits(), own::sin_moderate(x).to_bits());
        assert_eq!(own::tan(x).to_bits(), own::tan_moderate(x).to_bits());
    }
}

/// Against values in hundreds of digits, to 1e-13 of the larger of the value and one.
#[test]
fn special_functions_have_their_values() {
    let inf = f64::INFINITY;
    let close = |name: &str, found: f64, wanted: f64| {
        assert!((found - wanted).abs() < 1e-13 * wanted.abs().max(1.0), "{name}: {found}, not {wanted}");
    };
    for (x, wanted) in [
        (1e-10, 10.593986934110418),
        (0.3, 0.2360649007482156),
        (1.0, 0.08106146679532726),
        (9.5, 0.008768700134139386),
        (15.99, 0.0052109118929237214),
        (16.01, 0.005204404012137469),
        (1e8, 8.333333333333334e-10),
    ] {
        close(&format!("stirling({x})"), own::stirling(x), wanted);
    }
    for (x, m, wanted) in [
        (0.0, 3.0, 3.0),
        (1.0, 1.0, 0.0),
        (3.0, 1e-300, 2072.6224205606454),
        (1e10, 1e10 + 3e5, 4.499910002024952),
        (5.0, 5.5, 0.0234491009783757),
        (5.0, 7.0, 0.31763881689393536),
        (1e-200, 2.0, 2.0),
        (2.0, 0.0, inf),
    ] {
        let found = own::deviance(x, m);
        assert!(found == wanted || (found - wanted).abs() < 1e-13 * wanted, "deviance({x}, {m}): {found}");
    }
    for (x, wanted) in [
        (1e-9, -9.9999999975e-10),
        (0.5, -0.4384502808145187),
        (5.0, -1.6953182241774665),
        (19.99, -2.4101362126191277),
        (20.01, -2.4106428025047415),
        (1e8, -10.129278903930855),
    ] {
        close(&format!("ln_bessel({x})"), own::ln_bessel(x), wanted);
    }
    for (low, high, wanted) in [
        (-1.0, 1.0, 0.5372233869025467),
        (-1e-8, 1e-8, -17.72753356339242),
        (0.0, 0.5, -0.7341249810508949),
        (2.0, 2.000001, -13.815511557824497),
        (-9.0, -8.0, -2.0946800602324753),
        (30.0, 31.0, -3.4023054231385794),
        (1.0, inf, -0.42208311180459074),
        (-40.0, 50.0, 0.9189385332046728),
        (-inf, inf, 0.9189385332046728),
    ] {
        let name = format!("ln_normal_between({low}, {high})");
        close(&name, own::ln_normal_between(low, high), wanted);
        close(&name, own::ln_normal_between(-high, -low), wanted);
    }
    assert!(own::ln_normal_between(1.0, 1.0).is_nan() && own::ln_normal_between(f64::NAN, 1.0).is_nan());
    assert!(own::stirling(f64::NAN).is_nan() && own::ln_bessel(f64::NAN).is_nan());
    assert!(own::deviance(f64::NAN, 1.0).is_nan() && own::deviance(1.0, f64::NAN).is_nan());
}

/// The same bits everywhere, so also the same as when this was written.
#[test]
fn bits_stay_what_they_were() {
    type Function = fn(f64) -> f64;
    let all: [Function; 8] =
        [own::exp, own::ln, own::sin, own::cos, own::tan, own::atan, own::tanh, own::logistic];
    let mut sum = 0u64;
    for x in grid(0.0, 40.0, 1000) {
        for bits in all.map(|f| f(x).to_bits()).into_iter().chain([own::pow(x, 1.7).to_bits()]) {
            sum = sum.rotate_left(7) ^ bits;
        }
    }
    assert_eq!(sum, 13_536_013_909_783_058_115);
}
