//! Which edit is offered where units do not fit: what a person is likeliest to have meant, and a file that is then sound.

use super::Folder;
use crate::compile;
use std::path::Path;

/// Files of `tests/bad`, what the help says, and the edit that it means.
const MENDED: [(&str, &str, &str, &str); 46] = [
    ("unit-percent-less-than-a-hundred", "`100 percent`", "= 100 - sat", "= 100 percent - sat"),
    ("unit-percent-divided-by-a-hundred", "`hb * sat`", "hb * sat / 100", "hb * sat"),
    ("unit-percent-computed-and-compared", "`90 percent`", "< 90", "< 90 percent"),
    ("unit-degrees-in-a-sum", "`90 deg`", "pref + 90", "pref + 90 deg"),
    (
        "unit-degrees-of-a-list-forgotten",
        "`const theta[k] : deg = …`",
        "const theta[k] = ",
        "const theta[k] : deg = ",
    ),
    ("unit-parts-per-million-in-a-sum", "`400 ppm`", "400 + slope", "400 ppm + slope"),
    (
        "unit-of-a-name-that-follows",
        "or say in which `a` is where it is declared, `a : s`",
        "let a = s + t\n    let b = t + s",
        "let a : s = s + t\n    let b : ms = t + s",
    ),
    ("unit-of-a-product-that-follows", "`i : uS*mV`", "let i = g", "let i : uS*mV = g"),
    ("unit-of-an-input-that-is-compared", "`80 ms`", "x > 80", "x > 80 ms"),
    ("unit-area-under-a-curve", "declare `auc` in `mg*h/L`", "auc : mg/L", "auc : mg*h/L"),
    ("unit-mean-for-an-integral", "`integral over t (conc[t])`", "mean over t", "integral over t"),
    ("unit-resistance-without-its-time", "declare `svr` in `mmHg*min/L`", "svr : mmHg/L", "svr : mmHg*min/L"),
    ("unit-gain-of-a-day-as-a-rate", "declare `daily` in `mg/L`", "daily[t] : mg/L/day", "daily[t] : mg/L"),
    ("unit-charge-as-a-current", "declare `q` in `pC`", "data q[k] : pA", "data q[k] : pC"),
    ("unit-rate-as-a-bare-number", "`0.02 / 1 day * m`", "0.02 * m", "0.02 / 1 day * m"),
    ("unit-diffusion-length-without-its-root", "`sqrt(2 * d * t)`", "2 * d * t", "sqrt(2 * d * t)"),
    ("unit-precision-without-its-square", "`1 / (cv * mu)^2`", "1 / (cv * mu)", "1 / (cv * mu)^2"),
    ("unit-power-of-a-speed", "`0.5 * density * area * cd * speed^3`", "speed^2", "speed^3"),
    (
        "unit-one-of-two-volumes",
        "divide by what is in `L`: `v1` or `v2`",
        "c2' = q * (c1 - c2)",
        "c2' = q * (c1 - c2) / v2",
    ),
    ("unit-power-of-a-half-saturation", "`k^4`", "ca[s]^4 + k)", "ca[s]^4 + k^4)"),
    ("unit-variance-of-a-product", "`(noise_v * g)^2`", "+ noise_v^2", "+ (noise_v * g)^2"),
    ("unit-width-of-an-angle", "declare `width` in `deg`", "width : Hz", "width : deg"),
    ("unit-half-saturation-per-second", "declare `km` in `mM`", "km : mM/s", "km : mM"),
    ("unit-recruits-per-area", "declare `recruits` in `1/year`", "recruits : 1/km^2", "recruits : 1/year"),
    ("unit-half-life-for-a-rate", "`-t / half_life`", "-half_life * t", "-t / half_life"),
    ("unit-slope-turned-round", "declare `slope` in `1/ms/mV`", "slope : ms/mV", "slope : 1/ms/mV"),
    ("unit-lag-as-a-rate", "write `1 / lag`, or declare it in `h`", "lag : 1/h", "lag : h"),
    (
        "unit-noise-strength-in-millivolts",
        "`0.5 mV * w / sqrt(1 ms)`",
        "0.5 mV * w",
        "0.5 mV * w / sqrt(1 ms)",
    ),
    ("unit-noise-over-a-time", "`0.5 mV * w / sqrt(1 ms)`", "0.5 mV * w / 1 ms", "0.5 mV * w / sqrt(1 ms)"),
    (
        "unit-difference-of-logarithms",
        "`log(dose[well] / ec50)`",
        "(log(dose[well]) - log(ec50))",
        "log(dose[well] / ec50)",
    ),
    (
        "unit-arguments-exchanged",
        "`reynolds(speed, width, nu)`",
        "reynolds(width, speed, nu)",
        "reynolds(speed, width, nu)",
    ),
    ("unit-inputs-exchanged", "`synapse(w, tau)`", "synapse(tau, w)", "synapse(w, tau)"),
    ("unit-changed-by-an-extension", "declare `k` in `1/h` here too", "param k : h ", "param k : 1/h "),
    ("unit-condition-on-a-rate-by-a-time", "`1 / 2 day`", "growth < 2 day", "growth < 1 / 2 day"),
    (
        "unit-length-compared-with-a-volume",
        "compare `volume`, which is in `mm^3`",
        "diam > 1 mL",
        "volume > 1 mL",
    ),
    ("unit-range-in-another-kind", "`50 ms .. 150 ms`", "50 mV .. 150 mV", "50 ms .. 150 ms"),
    ("unit-inverse-of-a-time-constant", "write `tau`", "synapse(w, 1 / tau)", "synapse(w, tau)"),
    ("unit-place-in-metres", "`12 h`", "12 mm", "12 h"),
    (
        "unit-level-of-a-product",
        "`const level : mL/s = 300`",
        "let q : mL/s = 300 *",
        "const level : mL/s = 300\n    let q : mL/s = level *",
    ),
    (
        "unit-numbers-of-a-formula",
        "`const … : … = 8.314`",
        "8.314 * 310 / (z * 96485)",
        "8.314 J * 310 K / (z * 96485 C * 1 K)",
    ),
    ("unit-product-by-blanks", "`: mg/kg/day`", "mg kg^-1 day^-1", "mg/kg/day"),
    ("unit-power-as-a-fraction", "`: mV/ms^(1/2)`", "mV/ms^1/2", "mV/ms^(1/2)"),
    ("unit-ohm-sign", "`Mohm`", "MΩ", "Mohm"),
    ("unit-micro-sign", "`um`", "µm", "um"),
    ("unit-beats", "leave `beats` out, `: 1/min`", "beats/min", "1/min"),
    ("unit-of-a-gauge", "`unit psi = 6.894757 kPa`", "model tyre", "unit psi = 6.894757 kPa\n\nmodel tyre"),
];

#[test]
fn a_help_leads_to_a_sound_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad");
    let world = Folder(folder.clone());
    let mut wrong = Vec::new();
    for (name, says, old, new) in MENDED {
        let text = std::fs::read_to_string(folder.join(format!("{name}.sbi"))).unwrap();
        let told = compile(&text, &world).diagnostics;
        let helps: Vec<&str> = told.iter().filter_map(|told| told.help.as_deref()).collect();
        if !helps.iter().any(|help| help.contains(says)) {
            wrong.push(format!("{name}: {helps:?} in place of {says}"));
        }
        assert_eq!(text.matches(old).count(), 1, "{name}: {old}");
        let left = compile(&text.replace(old, new), &world).diagnostics;
        wrong.extend(left.iter().map(|told| format!("{name}, mended: {}", told.message)));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// One slip is told once, and shown wherever it is read.
#[test]
fn a_slip_is_shown_wherever_it_is_read() {
    let text = "edition 2026
model m {
    param a : ms ~ normal(5, 1)
    param b : mV ~ normal(3, 1)
    data x : mV ~ normal(a - b, sd = 1)
    data y : mV ~ normal(a, sd = 1)
    data z : mV ~ normal(b - 5, sd = 1)
    data w : mV ~ normal(b - 7, sd = 1)
}
";
    let told = compile(text, &()).diagnostics;
    let line = |start: u32| text[..start as usize].matches('\n').count() + 1;
    let lines: Vec<usize> = told.iter().map(|told| line(told.span.start)).collect();
    // Each number that stands alone is a slip of its own.
    assert_eq!(lines, [5, 7, 8]);
    assert!(told[0].labels.iter().any(|(span, _)| line(span.start) == 6), "{:?}", told[0].labels);
}
