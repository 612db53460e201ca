//! The pond of `examples/lotka_volterra.sbi`: predator and prey, solved and read as the program does.
//!
//! States move by classical Runge-Kutta steps, and between steps a state is read along the cubic that has its values
//! and slopes at both ends (Hermite). Steps are as long as the example's, since a finer solution is another model: what
//! is asked for is the posterior of the model that was simulated.

/// How many parameters there are: `alpha`, `beta`, `gamma` and `delta`.
pub const RATES: usize = 4;
/// The end of the example's `over 0 .. 15`.
pub const SPAN: f64 = 15.0;
/// The example's `rk4(step = 0.1)`.
pub const STEP: f64 = 0.1;
/// Prey and hunter at the start.
const START: State = [1.0, 0.5];

/// Prey and hunter.
pub type State = [f64; 2];

/// The parameters, of numbers that are standard normal in the prior: `normal(0, 1) |> between(1, 3)`.
pub fn rates(numbers: &[f64; RATES]) -> [f64; RATES] {
    numbers.map(|number| 1.0 + 2.0 / (1.0 + (-number).exp()))
}

/// How prey and hunter fare over the span.
#[derive(Debug)]
pub struct Course {
    step: f64,
    /// One more than there are steps.
    ends: Vec<End>,
}

/// Where a step ends and the next begins.
#[derive(Clone, Copy, Debug)]
struct End {
    state: State,
    slope: State,
}

impl Course {
    /// Solves in steps of this length; one that does not divide the span is made a little shorter.
    pub fn of(rates: &[f64; RATES], step: f64) -> Course {
        let steps = (SPAN / step - 1e-9).ceil().max(1.0);
        let step = SPAN / steps;
        let end_at = |state| End { state, slope: slope(rates, state) };
        let ends = std::iter::successors(Some(end_at(START)), |end| Some(end_at(moved(rates, end, step))));
        Course { step, ends: ends.take(steps as usize + 1).collect() }
    }

    /// The states at a time within the span.
    pub fn at(&self, time: f64) -> State {
        let place = time / self.step;
        // The end of the span belongs to the last step.
        let whole = (place as usize).min(self.ends.len() - 2);
        let Some([before, after]) = self.ends.get(whole..).and_then(<[End]>::first_chunk) else {
            unreachable!("a course has a step at least");
        };
        cubic(before, after, self.step, place - whole as f64)
    }
}

/// The states after a share of a step.
fn cubic(before: &End, after: &End, step: f64, share: f64) -> State {
    #![allow(clippy::indexing_slicing, reason = "states and slopes are both of two")]
    std::array::from_fn(|i| {
        let rise = after.state[i] - before.state[i];
        let b = before.slope[i] * step - rise;
        let c = rise - after.slope[i] * step - b;
        before.state[i] + share * (rise + (1.0 - share) * (b + share * c))
    })
}

/// How fast prey and hunter change.
fn slope(&[alpha, beta, gamma, delta]: &[f64; RATES], [prey, hunter]: State) -> State {
    [alpha * prey - beta * prey * hunter, -gamma * hunter + delta * prey * hunter]
}

/// The states one step later.
fn moved(rates: &[f64; RATES], from: &End, step: f64) -> State {
    let k1 = from.slope;
    let k2 = slope(rates, along(from.state, k1, step / 2.0));
    let k3 = slope(rates, along(from.state, k2, step / 2.0));
    let k4 = slope(rates, along(from.state, k3, step));
    [(k1, 1.0), (k2, 2.0), (k3, 2.0), (k4, 1.0)]
        .into_iter()
        .fold(from.state, |state, (slope, weight)| along(state, slope, step * weight / 6.0))
}

fn along([prey, hunter]: State, [prey_slope, hunter_slope]: State, step: f64) -> State {
    [prey + step * prey_slope, hunter + step * hunter_slope]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates in the middle of the prior, and at the ends where nine in ten draws lie.
    const CASES: [[f64; RATES]; 4] =
        [[2.0, 2.0, 2.0, 2.0], [1.3, 2.7, 1.3, 2.7], [2.7, 1.3, 1.3, 2.7], [2.7, 2.7, 2.7, 1.3]];

    fn worst_error(rates: &[f64; RATES], step: f64) -> f64 {
        let (course, exact) = (Course::of(rates, step), Course::of(rates, 0.001));
        let times = (0..=1_013).map(|k| SPAN * f64::from(k) / 1_013.0);
        let errors = times.flat_map(|time| {
            let (here, there) = (course.at(time), exact.at(time));
            [here[0] - there[0], here[1] - there[1]]
        });
        errors.fold(0.0, |worst, error| worst.max(error.abs()))
    }

    /// Steps and cubics are both of order four, so that half as long a step has a sixteenth of the error, and both are
    /// small beside the noise of .1.
    #[test]
    fn the_course_is_that_of_a_finer_solution() {
        for rates in &CASES {
            let [coarse, fine] = [STEP, STEP / 2.0].map(|step| worst_error(rates, step));
            assert!(coarse < 0.02, "{rates:?}: {coarse}");
            assert!((10.0..26.0).contains(&(coarse / fine)), "{rates:?}: {coarse}, {fine}");
        }
    }

    /// What predator and prey keep: delta x - gamma ln x + beta y - alpha ln y. Nothing of the solver is in it.
    #[test]
    fn a_fine_solution_keeps_what_the_equations_keep() {
        for rates in &CASES {
            let &[alpha, beta, gamma, delta] = rates;
            let kept = |[x, y]: State| delta * x - gamma * x.ln() + beta * y - alpha * y.ln();
            let course = Course::of(rates, 0.001);
            for time in [0.0, 1.2345, 7.7, 14.99, SPAN] {
                let drift = kept(course.at(time)) - kept(START);
                assert!(drift.abs() < 1e-8, "{rates:?} at {time}: {drift}");
            }
        }
    }

    /// `sbi simulate` with readings that have no noise. On 80,000 of them the two differ by 3e-14 at most.
    #[test]
    fn the_course_is_that_of_the_program() {
        let rates = [1.8193368312745204, 1.3139884500072054, 1.9818444530782902, 2.107401817012648];
        let course = Course::of(&rates, STEP);
        for (state, time, read) in [
            (0, 1.7138150198361097, 0.5208141913522547),
            (0, 11.773597239441242, 1.3108994431822965),
            (1, 8.98396978804159, 1.9667803718722954),
            (1, 14.737943076388973, 1.0577445055762256),
        ] {
            assert!((course.at(time)[state] - read).abs() < 1e-12, "state {state} at {time}");
        }
    }

    #[test]
    fn rates_lie_between_one_and_three() {
        assert_eq!(rates(&[0.0; RATES]), [2.0; RATES]);
        let [low, .., high] = rates(&[-40.0, 0.0, 0.0, 40.0]);
        assert!((low - 1.0).abs() < 1e-12 && (high - 3.0).abs() < 1e-12);
    }
}
