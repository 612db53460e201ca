//! The protocol `"frames"`: safetensors, each message with its length before it.
//!
//! Numbers are tensors; what is not a number is JSON, in the entry `message` of the metadata.

use super::message::{
    Ask, Job, Reply, SEED_BITS, Wrong, beginning, column, gave_up, greeting, limit, missing_output,
    read_ready, settle, unknown_output, wrong_id,
};
use super::{Program, Shape};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::HashMap;
use std::io::{BufReader, Read};

/// The entry of the metadata that holds the rest of a message as JSON.
const MESSAGE: &str = "message";

/// A message as its length, 8 bytes, the lowest first, and that many bytes of safetensors.
pub(super) fn write(program: &Program, ask: &Ask) -> Vec<u8> {
    let (message, tensors) = match ask {
        Ask::Greeting => (greeting(program), Vec::new()),
        Ask::Draws(job) => (format!("{{\"id\": {}}}", job.id), tensors(program, job)),
    };
    let views = tensors.iter().map(|(name, dtype, bytes)| {
        let view = TensorView::new(*dtype, vec![bytes.len() / 8], bytes).expect("each number has 8 bytes");
        (name.as_str(), view)
    });
    let metadata = HashMap::from([(MESSAGE.to_owned(), message)]);
    let body = serialize(views, Some(metadata)).expect("lists lay themselves out");
    let mut frame = (body.len() as u64).to_le_bytes().to_vec();
    frame.extend(body);
    frame
}

/// The tensors of a request, each a list with a number for each draw.
fn tensors(program: &Program, job: &Job) -> Vec<(String, Dtype, Vec<u8>)> {
    let whole = |values: &[u64]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let seeds: Vec<u64> = job.seeds.iter().map(|seed| seed & SEED_BITS).collect();
    let mut tensors = vec![
        ("draws".to_owned(), Dtype::U64, whole(&job.draws)),
        ("seeds".to_owned(), Dtype::U64, whole(&seeds)),
    ];
    for (input, name) in program.inputs.iter().enumerate() {
        let bytes = column(job, input, program.inputs.len()).flat_map(f64::to_le_bytes).collect();
        tensors.push((format!("inputs/{name}"), Dtype::F64, bytes));
    }
    tensors
}

/// The answer to `ask`, read from the next frame.
pub(super) fn read(input: &mut BufReader<impl Read>, program: &Program, ask: &Ask) -> Result<Reply, Wrong> {
    let frame = frame(input, limit(program, ask, 8))?;
    let garbage = || Wrong::Garbage { wrote: beginning(&frame) };
    let tensors = SafeTensors::deserialize(&frame).map_err(|_| garbage())?;
    let (_, header) = SafeTensors::read_metadata(&frame).map_err(|_| garbage())?;
    let message = header.metadata().as_ref().and_then(|metadata| metadata.get(MESSAGE));
    let message = message.ok_or_else(|| Wrong::Unfit {
        said: format!("gives a message without the entry `{MESSAGE}` in its `__metadata__`"),
        help: format!("put JSON there: \"__metadata__\": {{\"{MESSAGE}\": \"{{\\\"id\\\": 7}}\"}}"),
    })?;
    match ask {
        Ask::Greeting => read_ready(message.as_bytes()),
        Ask::Draws(job) => read_rows(message, &tensors, program, job),
    }
}

/// The next frame, without its length, if it is not longer than `limit`.
fn frame(input: &mut BufReader<impl Read>, limit: u64) -> Result<Vec<u8>, Wrong> {
    let mut length = [0; 8];
    input.read_exact(&mut length).map_err(|_| Wrong::Ended)?;
    let size = u64::from_le_bytes(length);
    if size > limit {
        // What is no frame is most often text that was printed: it is told with what came along with it.
        let wrote = beginning(&[&length[..], input.buffer()].concat());
        // No length that is meant has its highest bytes set.
        return Err(if size >> 48 == 0 { Wrong::TooLong { limit, wrote } } else { Wrong::Garbage { wrote } });
    }
    let mut frame = Vec::new();
    // Grows as the bytes come, so that a length alone allocates nothing.
    match input.take(size).read_to_end(&mut frame) {
        Ok(read) if read as u64 == size => Ok(frame),
        _ => Err(Wrong::Ended),
    }
}

/// The rows of an answer.
fn read_rows(message: &str, tensors: &SafeTensors, program: &Program, job: &Job) -> Result<Reply, Wrong> {
    #[derive(serde::Deserialize)]
    struct Message {
        id: Option<f64>,
        failed: Option<HashMap<String, String>>,
        error: Option<String>,
    }
    let message: Message = serde_json::from_str(message).map_err(|error| Wrong::Unfit {
        said: format!("gives an entry `{MESSAGE}` that cannot be read: {error}"),
        help: "write JSON there: {\"id\": 7, \"failed\": {\"12\": \"why draw 12 has no numbers\"}}".into(),
    })?;
    if let Some(error) = message.error {
        return Err(gave_up(&error));
    }
    if message.id != Some(job.id as f64) {
        return Err(wrong_id(message.id, job.id));
    }
    let width = program.width();
    let mut rows = vec![f64::NAN; job.draws.len() * width];
    let mut begin = 0;
    let mut outputs = HashMap::new();
    for (name, view) in tensors.iter() {
        let Some(name) = name.strip_prefix("outputs/") else { return Err(unknown_output(program, name)) };
        outputs.insert(name, view);
    }
    for output in &program.outputs {
        let view = outputs.remove(output.name.as_str()).ok_or_else(|| missing_output(&output.name))?;
        fits(&view, output, job)?;
        let (numbers, _) = view.data().as_chunks::<8>();
        let size = output.len();
        for (row, values) in rows.chunks_exact_mut(width.max(1)).zip(numbers.chunks_exact(size.max(1))) {
            for (slot, bytes) in row.iter_mut().skip(begin).take(size).zip(values) {
                *slot = f64::from_le_bytes(*bytes);
            }
        }
        begin += size;
    }
    if let Some(name) = outputs.keys().next() {
        return Err(unknown_output(program, name));
    }
    let failed: Vec<_> = message.failed.unwrap_or_default().into_iter().collect();
    settle(program, job, rows, &failed)
}

/// Whether a tensor has the kind and the shape that are asked for: draws x sizes.
fn fits(view: &TensorView, output: &Shape, job: &Job) -> Result<(), Wrong> {
    let mut wanted = vec![job.draws.len()];
    wanted.extend(&output.sizes);
    let name = &output.name;
    if view.shape() != wanted {
        return Err(Wrong::Unfit {
            said: format!("gives `{name}` in the shape {:?}, and {wanted:?} is asked for", view.shape()),
            help: format!("give one row for each draw, or change the axes of `{name}` in the file"),
        });
    }
    if view.dtype() != Dtype::F64 {
        return Err(Wrong::Unfit {
            said: format!("gives `{name}` as {:?}, and F64 is asked for", view.dtype()),
            help: "turn it into numbers of 64 bits: in numpy `.astype(\"<f8\")`".into(),
        });
    }
    Ok(())
}
