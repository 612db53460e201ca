//! One request on its way: what is still to be asked, and what has come back.

use super::batches::{Batch, Queue};
use super::message::{Job, Rows};
use super::{Answer, Program, Request};
use std::collections::HashSet;
use std::ops::Range;

/// A request and its answer in the making.
#[derive(Debug)]
pub(super) struct Round<'a> {
    request: Request<'a>,
    inputs: usize,
    width: usize,
    /// The places in the request of the draws that are asked for.
    asked: Vec<usize>,
    /// The batches that are to be asked for, as places in `asked`.
    pub queue: Queue,
    /// How many draws have no answer yet.
    pub left: usize,
    rows: Vec<f64>,
    /// Places in the request, and reasons.
    refused: Vec<(usize, String)>,
    pub restarts: u64,
}

impl<'a> Round<'a> {
    pub(super) fn new(program: &Program, request: Request<'a>) -> Round<'a> {
        let (count, inputs, width) = (request.draws.len(), program.inputs.len(), program.width());
        assert_eq!(request.seeds.len(), count, "each draw has a seed");
        assert_eq!(Some(request.inputs.len()), count.checked_mul(inputs), "each draw has all inputs");
        let mut seen = HashSet::with_capacity(count);
        assert!(
            request.draws.iter().all(|draw| *draw < 1 << 53 && seen.insert(*draw)),
            "draws differ, and are below 2^53"
        );
        let numbers = count.checked_mul(width).expect("the rows fit into memory");
        let mut round = Round {
            request,
            inputs,
            width,
            asked: Vec::with_capacity(count),
            queue: Queue::new(0),
            left: 0,
            rows: vec![f64::NAN; numbers],
            refused: Vec::new(),
            restarts: 0,
        };
        for place in 0..count {
            let row = round.row(place);
            match row.iter().zip(&program.inputs).find(|(value, _)| !value.is_finite()) {
                None => round.asked.push(place),
                Some((value, name)) => round.refused.push((place, format!("its input `{name}` is {value}"))),
            }
        }
        round.left = round.asked.len();
        round.queue = Queue::new(round.left);
        round
    }

    /// The batch as it is asked for.
    pub(super) fn job(&self, id: u64, places: Range<usize>) -> Job {
        let mut job = Job { id, ..Job::default() };
        for place in self.asked.get(places).unwrap_or(&[]) {
            job.draws.extend(self.request.draws.get(*place));
            job.seeds.extend(self.request.seeds.get(*place));
            job.inputs.extend(self.row(*place));
        }
        job
    }

    /// Puts an answer where it belongs.
    pub(super) fn keep(&mut self, batch: &Batch, answer: Rows) {
        let places = self.asked.get(batch.places.clone()).unwrap_or(&[]);
        for (place, row) in places.iter().zip(answer.rows.chunks_exact(self.width.max(1))) {
            if let Some(slot) = self.rows.get_mut(place * self.width..(place + 1) * self.width) {
                slot.copy_from_slice(row);
            }
        }
        let refused = answer.refused.into_iter();
        self.refused.extend(refused.filter_map(|(row, reason)| Some((*places.get(row)?, reason))));
        self.left -= places.len();
    }

    /// The answer, once nothing is left.
    pub(super) fn answer(mut self) -> Answer {
        self.refused.sort_unstable_by_key(|(place, _)| *place);
        let draws = self.request.draws;
        let refused =
            self.refused.into_iter().filter_map(|(place, reason)| Some((*draws.get(place)?, reason)));
        Answer { rows: self.rows, refused: refused.collect(), restarts: self.restarts }
    }

    /// The inputs of the draw at a place in the request.
    fn row(&self, place: usize) -> &'a [f64] {
        self.request.inputs.get(place * self.inputs..(place + 1) * self.inputs).unwrap_or(&[])
    }
}
