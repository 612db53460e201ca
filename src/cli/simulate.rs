//! `sbi simulate`: joint draws of a model, kept in the store and written to a file.

use super::args;
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::numbers::listed;
use super::outside::{ensure_allowed, tell_imports};
use super::progress::Progress;
use super::simulations::Stream;
use super::source::Source;
use super::spec::{Spec, find};
use super::stage::{Bench, Job};
use super::store::Store;
use super::tables::{Array, Draws, Format};
use sbi_infer::{Device, Machine};
use sbi_model::{Key, Train};

/// Makes the first draws of a model that the store lacks, and writes all of them to a file, if one is named.
pub fn simulate(args: &args::Simulate) -> Outcome {
    let format = args.out.as_deref().map(Format::of).transpose()?;
    let spec = Spec::read(&args.file)?;
    let model = chosen(&spec, args.model.as_deref())?;
    spec.ensure_model_runs(model)?;
    args.out.as_deref().map_or(Ok(()), |out| spec.ensure_not_read(out))?;
    ensure_allowed(spec.model(model), &args.work.allow)?;
    let seed = args.seed.unwrap_or_else(|| file_seed(&spec, model));
    let bench = Bench {
        store: Store::of(args.store.as_deref(), &args.file),
        progress: Progress::new(args.work.quiet),
        machine: Machine { device: Device::Cpu, threads: args.work.threads() },
    };
    bench.store.ensure_writable()?;
    args.out.as_deref().map_or(Ok(()), Draws::ensure_writable)?;
    let stream = || {
        let (simulator, outside) = (spec.simulator(model), spec.outside(model));
        let source = Source { model: spec.model(model), simulator, outside, seed };
        let key = Key::simulations(spec.model(model), seed).to_string();
        Stream::of(source, &key, args.n as usize, &bench.store)
    };
    let mut job = Job::look(stream(), bench.progress);
    bench.progress.say(&job.outlook());
    if job.is_begun() {
        tell_imports(spec.model(model), bench.progress);
    }
    job.obtain(&(), &bench).map_err(interrupt::to_go_on)?.tell(bench.progress);
    let (Some(path), Some(format)) = (&args.out, format) else { return Ok(()) };
    let draws = Draws {
        count: args.n as usize,
        names: spec.simulator(model).columns(),
        arrays: Array::of(spec.model(model), spec.outputs(model)),
        rows: &|each| stream().each(each),
    };
    draws.write(path, format).map_err(interrupt::to_go_on)
}

/// The place of the model meant: the one named, or the only one.
fn chosen(spec: &Spec, name: Option<&str>) -> Outcome<usize> {
    let names: Vec<&str> = spec.file.models.iter().map(|model| model.name.as_str()).collect();
    match (name, names.as_slice()) {
        (Some(name), _) => find("model", name, &names),
        (None, [_]) => Ok(0),
        (None, []) => Err(Failure::wrong("the file has no model").help("write one: `model name { … }`")),
        (None, [first, ..]) => Err(Failure::wrong("the file has several models")
            .help(format!("say which: `--model {first}`; it has {}", listed(&names, "and")))),
    }
}

/// The seed that `sbi run` would simulate a model with.
fn file_seed(spec: &Spec, model: usize) -> u64 {
    let approximator = spec.file.approximators.iter().find(|approximator| approximator.model == model);
    approximator.map_or_else(|| Train::default().seed, |approximator| approximator.train.seed)
}
