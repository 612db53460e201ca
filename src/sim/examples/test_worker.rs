//! A worker of the protocol `sbi-worker/1` for the tests of `sbi_sim::outside`: it keeps to the protocol, or breaks it
//! in the way that its arguments say.
//!
//! ```text
//! test_worker (lines | frames) MODE [VALUE]
//! ```
//!
//! It simulates inputs `a` and `b` into outputs `front[3]`, `cover[2, 2]` and `edge`. It reads and writes the protocol
//! by itself, so that the tests compare two readings of `docs/workers.md`.

// A worker that cannot go on has to end, which a panic does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};
use std::process::{Command, exit};
use std::time::Duration;

/// The numbers of a frame by their names, each as its bytes.
type Tensors = HashMap<String, Vec<[u8; 8]>>;

/// What one request asks for.
struct Job {
    id: u64,
    draws: Vec<u64>,
    seeds: Vec<u64>,
    a: Vec<f64>,
    b: Vec<f64>,
}

/// Numbers for all draws of a request.
#[derive(Default)]
struct Made {
    front: Vec<f64>,
    cover: Vec<f64>,
    edge: Vec<f64>,
    failed: Map<String, Value>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let frames = arguments[0] == "frames";
    let mode = arguments[1].as_str();
    let value = arguments.get(2).map_or("", String::as_str);
    before(mode);
    let greeting = hear(frames).unwrap();
    assert_eq!(greeting.0["sbi"], "sbi-worker/1");
    assert_eq!(greeting.0["outputs"], json!({"front": [3], "cover": [2, 2], "edge": []}));
    match mode {
        "unwilling" => say(frames, &json!({"error": "there is no licence"}), None),
        _ => say(frames, &json!({"ready": true}), None),
    }
    let mut simulated = 0;
    while let Some((message, tensors)) = hear(frames) {
        let job = if frames { framed(&message, &tensors) } else { lined(&message) };
        let mut made = Made::default();
        for k in 0..job.draws.len() {
            at_draw(mode, value, job.draws[k], simulated);
            simulate(&job, k, mode, value, &mut made);
            simulated += 1;
        }
        answer(frames, mode, value, &job, made);
    }
}

/// What is done before the greeting is read.
fn before(mode: &str) {
    match mode {
        "broken" => {
            eprintln!("ModuleNotFoundError: No module named 'numpy'");
            exit(1);
        }
        "mute" => std::thread::sleep(Duration::from_secs(1000)),
        // It lives on with our pipes in its hands.
        "forks" | "orphans" => drop(Command::new("sleep").arg("1000").spawn().unwrap()),
        "stderr" => {
            let mut stderr = io::stderr().lock();
            for line in 0..200_000 {
                writeln!(stderr, "line {line} of what nobody reads, padded to fifty").unwrap();
            }
        }
        _ => {}
    }
}

/// What happens when it comes to a draw, after so many in this process.
fn at_draw(mode: &str, value: &str, draw: u64, simulated: u64) {
    let this = value.parse() == Ok(draw);
    match mode {
        "slow" => std::thread::sleep(Duration::from_millis(value.parse().unwrap())),
        "hangs" if this => std::thread::sleep(Duration::from_secs(1000)),
        "dies" if this => {
            eprintln!("draw {draw} is too much for me");
            exit(3);
        }
        "tires" if value.parse() == Ok(simulated) => exit(4),
        "orphans" => exit(5),
        _ => {}
    }
}

/// The k-th draw: numbers of its own, its seed's and its inputs.
fn simulate(job: &Job, k: usize, mode: &str, value: &str, made: &mut Made) {
    let this = value.parse() == Ok(job.draws[k]);
    let (a, b) = (job.a[k], job.b[k]);
    let noise = (job.seeds[k].wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
    made.front.extend((0..3).map(|i| a + f64::from(i) * noise));
    made.cover.extend((0..4).map(|i| b * f64::from(i) - noise));
    made.edge.push(job.draws[k] as f64 / 3.0);
    if mode == "nulls" && this {
        *made.front.last_mut().unwrap() = f64::NAN;
    }
    if mode == "refuses" && this {
        made.failed.insert(job.draws[k].to_string(), json!("the wound never closed"));
    }
}

/// Says what was made, or what the mode makes of it.
fn answer(frames: bool, mode: &str, value: &str, job: &Job, mut made: Made) {
    let mut id = job.id;
    match mode {
        "garbage" => say_bytes(b"Loading the lattice ...\n"),
        "flood" => {
            for _ in 0..1 << 14 {
                say_bytes(&[b'x'; 1 << 16]);
            }
        }
        "id" => id += 1,
        "shape" => made.front.truncate(2 * job.draws.len()),
        _ => {}
    }
    let message = json!({"id": id, "failed": made.failed});
    // Half an answer, by the first process that comes here: the file says that it was there.
    if mode == "half" && std::fs::File::create_new(value).is_ok() {
        say_bytes(if frames { &[200, 0, 0, 0, 0, 0, 0, 0, 7] } else { b"{\"id\": 7, \"outputs\": {\"fr" });
        exit(6);
    }
    say(frames, &message, Some((job.draws.len(), &made)));
}

/// The next message, with its tensors by name if there are any; none at the end.
fn hear(frames: bool) -> Option<(Value, Tensors)> {
    if !frames {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).unwrap();
        return (!line.is_empty()).then(|| (serde_json::from_str(&line).unwrap(), HashMap::new()));
    }
    let mut length = [0; 8];
    io::stdin().read_exact(&mut length).ok()?;
    let mut bytes = vec![0; u64::from_le_bytes(length) as usize];
    io::stdin().read_exact(&mut bytes).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let message = serde_json::from_str(&header.metadata().as_ref().unwrap()["message"]).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = tensors.iter().map(|(name, view)| (name.to_owned(), view.data().as_chunks().0.to_vec()));
    Some((message, numbers.collect()))
}

fn lined(message: &Value) -> Job {
    let whole = |name: &str| message[name].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
    let real = |name: &str| {
        message["inputs"][name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    Job {
        id: message["id"].as_u64().unwrap(),
        draws: whole("draws"),
        seeds: whole("seeds"),
        a: real("a"),
        b: real("b"),
    }
}

fn framed(message: &Value, tensors: &Tensors) -> Job {
    let whole = |name: &str| tensors[name].iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    let real = |name: &str| tensors[name].iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    Job {
        id: message["id"].as_u64().unwrap(),
        draws: whole("draws"),
        seeds: whole("seeds"),
        a: real("inputs/a"),
        b: real("inputs/b"),
    }
}

/// Says a message, with the numbers of so many draws.
fn say(frames: bool, message: &Value, made: Option<(usize, &Made)>) {
    if !frames {
        let mut message = message.clone();
        if let Some((draws, made)) = made {
            let front: Vec<_> = made.front.chunks(made.front.len() / draws).collect();
            let cover: Vec<Vec<_>> = made.cover.chunks(4).map(|draw| draw.chunks(2).collect()).collect();
            message["outputs"] = json!({"front": front, "cover": cover, "edge": made.edge});
        }
        return say_bytes(format!("{message}\n").as_bytes());
    }
    let mut tensors = Vec::new();
    if let Some((draws, made)) = made {
        let bytes =
            |numbers: &[f64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
        tensors = vec![
            ("outputs/front", vec![draws, made.front.len() / draws], bytes(&made.front)),
            ("outputs/cover", vec![draws, 2, 2], bytes(&made.cover)),
            ("outputs/edge", vec![draws], bytes(&made.edge)),
        ];
    }
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| (*name, TensorView::new(Dtype::F64, shape.clone(), bytes).unwrap()));
    let metadata = HashMap::from([("message".to_owned(), message.to_string())]);
    let body = serialize(views, Some(metadata)).unwrap();
    say_bytes(&[&(body.len() as u64).to_le_bytes()[..], &body].concat());
}

fn say_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).unwrap();
}
