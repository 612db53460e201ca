//! Readings at scattered times, sets and gaps through all of `sbi run`: what is written of them, and on how many threads.

use crate::cli::bench::Bench;

/// Two animals that are weighed on days of their own, some of the times not at all; trained in about a second.
const GROWTH: &str = "\
edition 2026

model growth {
    axis day : time(scattered(n = 2 .. 4, over = 0 day .. 10 day))
    axis tail : set(size = 1 .. 3)

    param rate : g/day ~ normal(1, 0.3)
    param start : g ~ normal(5, 1)

    dynamics body over 0 day .. 10 day by rk4(step = 0.5 day) {
        init x : g = start
        x' = rate
    }

    data weight[day] : g ~ normal(body.x(day), sd = 0.2)
    data length[tail] : g ~ normal(start, sd = 0.5)

    missing weight[day] with probability 20%
}

approximator small for growth {
    joint with diffusion_transformer(width = 16, layers = 1, heads = 1, graph = mechanistic)
}

train small {
    simulations 500
    steps 40
    batch 64
}

query placed {
    at day = [2 day, 48 h]
    given weight[1] = 7
    given length = [5.2]
    infer params
    draws 20
}

query file {
    given weight from \"weights.csv\" (time = \"day\", column = \"g\")
    infer rate
    draws 20
}

query many {
    given start = 5
    at day = grid(from = 0 day, to = 10 day, step = 2 day)
    infer weight
    draws 20
}
";

#[test]
fn readings_are_placed_and_told_where() {
    let bench = Bench::with("growth.sbi", GROWTH);
    bench.write("weights.csv", "day,g\n1,6.1\n2.5,\n9,14.2\n");
    bench.sbi("run growth.sbi --threads 1").code(0).prints(&["weight[1] = 7", "weight[3] = 14.2"]);
    let header = |query: &str| {
        let draws = bench.read(&format!("growth.out/{query}/draws.csv"));
        draws.lines().next().map(str::to_owned)
    };
    assert_eq!(header("placed").as_deref(), Some("rate,start"));
    assert_eq!(
        header("many").as_deref(),
        Some("weight[1],weight[2],weight[3],weight[4],weight[5],weight[6]")
    );
    let times = bench.read("growth.out/many/coordinates.csv");
    let lines: Vec<&str> = times.lines().collect();
    assert_eq!(lines[0], "name,axis,coordinate,unit");
    assert_eq!((lines[2], lines[6]), ("weight[2],day,2,day", "weight[6],day,10,day"));
    assert!(!bench.path("growth.out/placed/coordinates.csv").exists(), "nothing scattered was asked about");
    // What the file lacks on a day is no reading.
    assert!(!bench.read("growth.out/file/summary.json").contains("\"weight[2]\": "));

    let answers = bench.read("growth.out/many/draws.csv");
    let other = Bench::with("growth.sbi", GROWTH);
    other.write("weights.csv", "day,g\n1,6.1\n2.5,\n9,14.2\n");
    other.sbi("run growth.sbi --threads 2").code(0);
    assert_eq!(answers, other.read("growth.out/many/draws.csv"), "threads change no bit");
}
