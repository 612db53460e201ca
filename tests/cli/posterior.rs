//! Posteriors by a flow: trained, answered, asked for densities, and refused where they cannot answer.

use crate::cli::bench::Bench;

/// A rate seen through a set of counts-like numbers and a number by itself.
const MODEL: &str = "edition 2026
model m {
    axis i : set(size = 4)
    param rate ~ uniform(0, 2)
    param shift ~ normal(100, 15)
    modality cloud {
        data x[i] ~ normal(rate, 0.5)
    }
    data y ~ normal(shift, 5)
    missing all cloud with probability 20%
}
approximator net for m {
    FUSE
    posterior with flow(couplings = 2, width = 16)
}
train net {
    simulations SIMULATIONS
    steps 1000
    batch 64
}
query posterior of net {
    given x = [1.1, 0.8, 1.4, 0.9]
    given y = 120
    infer params
    draws 500
}
query lacking of net {
    given y = 120
    infer rate
    draws 500
}
";

fn bench(fuse: &str, simulations: &str) -> Bench {
    Bench::with("m.sbi", MODEL.replace("FUSE", fuse).replace("SIMULATIONS", simulations))
}

fn rows(bench: &Bench, query: &str) -> Vec<Vec<f64>> {
    let text = bench.read(&format!("m.out/{query}/draws.csv"));
    text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

fn mean(rows: &[Vec<f64>], column: usize) -> f64 {
    rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64
}

/// Kept and fresh simulations both teach it where parameters lie; what is missing leaves the prior.
#[test]
fn a_posterior_is_trained_kept_and_answers() {
    for simulations in ["2_000", "online"] {
        let bench = bench("fuse late(cloud, scalars)", simulations);
        bench.sbi("run m.sbi").code(0);
        let both = rows(&bench, "posterior");
        assert!(both.len() == 500 && both.iter().all(|row| (0.0..=2.0).contains(&row[0])), "{simulations}");
        // By hand 1.05 with an sd of .25, and 118 with one of 4.7; the prior of the rate has a mean of one and an sd of .58.
        assert!((mean(&both, 0) - 1.05).abs() < 0.25, "{simulations}: {}", mean(&both, 0));
        assert!((mean(&both, 1) - 118.0).abs() < 5.0, "{simulations}: {}", mean(&both, 1));
        let lacking = rows(&bench, "lacking");
        let spread = |rows: &[Vec<f64>]| {
            let mean = mean(rows, 0);
            (rows.iter().map(|row| (row[0] - mean).powi(2)).sum::<f64>() / rows.len() as f64).sqrt()
        };
        assert!(spread(&lacking) > 1.4 * spread(&both), "{} and {}", spread(&lacking), spread(&both));
        let kept = bench.read("m.out/posterior/draws.csv");
        bench.sbi("run m.sbi").code(0);
        assert_eq!(bench.read("m.out/posterior/draws.csv"), kept);
    }
}

/// The density is of all parameters together: highest near the draws, nothing outside of the prior.
#[test]
fn densities_are_those_of_all_parameters() {
    let bench = bench("fuse late(cloud, scalars)", "2_000");
    bench.sbi("run m.sbi").code(0);
    bench.write("points.csv", "rate,shift\n1.05,118\n1.05,160\n2.5,118\n");
    bench
        .sbi("query m.sbi --query posterior --log-prob points.csv")
        .code(0)
        .prints(&["1 point is outside the prior's support"]);
    let table = bench.read("m.out/posterior/log_prob.csv");
    let log: Vec<f64> =
        table.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert!(log[0] > log[1] + 1.0 && log[2] == f64::NEG_INFINITY, "{log:?}");
    bench.write("rates.csv", "rate\n1\n");
    bench
        .sbi("query m.sbi --query lacking --log-prob rates.csv")
        .code(2)
        .says(&["`lacking` infers some of the parameters", "write `infer params`"]);
    bench.sbi("query m.sbi --query posterior --mode").code(2).says(&["the mode of `posterior`"]);
}

/// Rows that their encoders do not take alike are told before anything is simulated.
#[test]
fn rows_that_cannot_be_joined_are_refused() {
    let text = MODEL.replace(
        "    data y ~ normal(shift, 5)\n",
        "    modality other {\n        data y[i] ~ normal(shift, 5)\n    }\n",
    );
    let text = text.replace("FUSE", "encode cloud with mlp()\n    fuse concat(cloud, other)");
    let text = text.replace("SIMULATIONS", "100").replace("given y = 120", "given y = [1, 2, 3, 4]");
    let bench = Bench::with("m.sbi", text);
    let refused = bench.sbi("run m.sbi").code(2);
    refused.says(&["`concat` joins rows of `cloud` and `other` one by one", "leave their `encode` out"]);
    assert!(!bench.path("m.out").exists());
}
