//! Experiment 3's stand-in: pulse waves of a small arterial tree (`examples/external/pulse_wave.py`, equation by equation), for draws by
//! their exact likelihood.
//!
//! A beat is a Fourier series of 20 harmonics: arteries are transmission lines with friction, behind which lie Windkessel beds. Readings
//! have independent normal noise; compliance and phase are nuisance.

use crate::{truncated_normal, uniform};
use num_complex::Complex64;
use std::f64::consts::{PI, TAU};

const MMHG: f64 = 133.322;
const ML: f64 = 1e-6;
const DENSITY: f64 = 1060.0;
const VISCOSITY: f64 = 2.5e-3;
/// mmHg, where the blood leaves the arterioles.
const OUTFLOW: f64 = 33.2;
const HARMONICS: usize = 20;
/// Places of a beat at which the heart's flow is known, and at which a finger's volume is looked for its least and greatest.
const BEAT: usize = 256;
const SCALE: usize = 128;
/// How the blood divides.
const UPPER: f64 = 0.25;
const ULNAR: f64 = 0.025;
const HAND: f64 = 0.025;
const ABDOMEN: f64 = 0.5;
const LEG: f64 = 0.2;
/// How far down the radial artery the wrist is, in m.
const SITE: f64 = 0.2;

/// A heart, its vessels, and where in a beat readings begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circulation {
    /// Beats a minute.
    pub heart_rate: f64,
    /// What the heart ejects in a beat, in ml.
    pub stroke_volume: f64,
    /// How long it ejects, in s.
    pub ejection_time: f64,
    /// Mean arterial pressure, in mmHg.
    pub pressure: f64,
    /// Speed of the wave in the aorta, in m/s.
    pub wave_speed: f64,
    /// Diameter of the aorta, as a multiple of 25 mm.
    pub diameter: f64,
    /// How much the small vessels give way.
    pub compliance: f64,
    /// The share of a beat before the first reading.
    pub phase: f64,
}

/// Readings of a wave: their times in s, and the standard deviation of their noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Readings.
    pub values: Vec<f64>,
    /// Readings a second.
    pub rate: f64,
    /// The standard deviation of their noise.
    pub noise: f64,
}

/// What the arteries make of a beat.
pub struct Waves {
    /// Beats a second.
    rate: f64,
    mean: f64,
    wrist: Vec<Complex64>,
    finger: Vec<Complex64>,
    /// Least and greatest volume of the finger within a beat.
    ends: (f64, f64),
    phase: f64,
}

impl Circulation {
    /// That at a place whose numbers are independent and standard normal in the prior of `examples/pulse_wave.sbi`.
    pub fn at(place: &[f64; 8]) -> Circulation {
        let [heart_rate, stroke_volume, ejection_time, pressure, wave_speed, diameter, compliance, phase] =
            *place;
        Circulation {
            heart_rate: truncated_normal(heart_rate, 75.0, 11.0, 45.0, 110.0),
            stroke_volume: truncated_normal(stroke_volume, 66.0, 14.0, 30.0, 110.0),
            ejection_time: truncated_normal(ejection_time, 0.282, 0.023, 0.20, 0.36),
            pressure: truncated_normal(pressure, 93.0, 8.0, 70.0, 118.0),
            wave_speed: truncated_normal(wave_speed, 8.0, 1.8, 4.5, 14.0),
            diameter: truncated_normal(diameter, 1.1, 0.12, 0.75, 1.5),
            compliance: truncated_normal(compliance, 1.0, 0.2, 0.5, 1.6),
            phase: uniform(phase, 0.0, 1.0),
        }
    }

    /// Systemic vascular resistance, in mmHg s/ml.
    pub fn resistance(&self) -> f64 {
        (self.pressure - OUTFLOW) / (self.stroke_volume * self.heart_rate / 60.0)
    }

    /// The waves.
    pub fn waves(&self) -> Waves {
        let period = 60.0 / self.heart_rate;
        let inflow = inflow(period, self.ejection_time, self.stroke_volume);
        let harmonic =
            |(number, flow): (usize, &Complex64)| self.carried(TAU * (number + 1) as f64 / period, *flow);
        // What the hand takes at the highest harmonic is the resistance of its bed's entry.
        let (wrist, finger) = inflow.iter().enumerate().map(harmonic).unzip();
        let mut waves = Waves {
            rate: period.recip(),
            mean: OUTFLOW + self.stroke_volume / period * self.resistance(),
            wrist,
            finger,
            ends: (0.0, 1.0),
            phase: self.phase,
        };
        let volumes = (0..SCALE).map(|place| series(&waves.finger, place as f64 / SCALE as f64));
        waves.ends =
            volumes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        waves
    }

    /// Of a harmonic of the heart's flow, the pressure at the wrist (mmHg) and the volume of the hand's blood (to a factor).
    fn carried(&self, omega: f64, flow: Complex64) -> (Complex64, Complex64) {
        let arm_speed = 9.98 + 0.048 * (self.wave_speed - 6.15) / 0.092;
        let leg_speed = 7.91 + 0.056 * (self.wave_speed - 6.15) / 0.092;
        let highest = TAU * HARMONICS as f64 * self.heart_rate / 60.0;
        let radial_at = |omega| Tube::new(0.235, 0.00145, 1.15 * arm_speed, omega);
        let leg_at = |omega| Tube::new(0.645, 0.0032, leg_speed, omega);
        let bed = |share: f64, first: Option<f64>| {
            let peripheral = self.resistance() * MMHG / ML / share;
            let store = 0.8 * self.compliance * share * ML / MMHG;
            let time = Complex64::new(1.0, omega * peripheral * store);
            (Complex64::from(first.unwrap_or(0.05 * peripheral)) + peripheral / time, time)
        };
        let (hand, hand_time) = bed(HAND, Some(radial_at(highest).own.re));
        let (ulnar, _) = bed(ULNAR, Some(DENSITY * arm_speed / (PI * 0.0024_f64.powi(2))));
        let (to_leg, _) = bed(LEG, Some(leg_at(highest).own.re));
        let radial = radial_at(omega).ending_in(hand);
        let arm =
            Tube::new(0.456, 0.0042, 0.75 * arm_speed, omega).ending_in(beside(&[radial.before(), ulnar]));
        let leg = leg_at(omega).ending_in(to_leg);
        let aorta = Tube::new(0.40, 0.0125 * self.diameter, self.wave_speed, omega);
        let aorta = aorta.ending_in(beside(&[bed(ABDOMEN, None).0, leg.before()]));
        let root = flow * beside(&[bed(UPPER, None).0, arm.before(), aorta.before()]) / MMHG;
        let elbow = arm.carries(root, arm.length);
        (radial.carries(elbow, SITE), radial.carries(elbow, radial.length) / hand / hand_time)
    }

    /// The logarithm of the density of readings at the wrist and at the fingertip, up to a constant; what is NaN is missing.
    pub fn log_likelihood(&self, wrist: Option<&Seen>, finger: Option<&Seen>) -> f64 {
        let waves = self.waves();
        let of = |seen: Option<&Seen>, wave: &dyn Fn(f64) -> f64| {
            seen.map_or(0.0, |seen| {
                let square = |(number, value): (usize, &f64)| {
                    ((value - wave(number as f64 / seen.rate)) / seen.noise).powi(2)
                };
                let there = seen.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
                -0.5 * there.map(square).sum::<f64>()
            })
        };
        of(wrist, &|time| waves.wrist(time)) + of(finger, &|time| waves.finger(time))
    }
}

impl Waves {
    /// The pressure at the wrist after so many seconds, in mmHg.
    pub fn wrist(&self, time: f64) -> f64 {
        self.mean + series(&self.wrist, time * self.rate + self.phase)
    }

    /// The volume of the fingertip's blood, from 0 to 1 within a beat.
    pub fn finger(&self, time: f64) -> f64 {
        (series(&self.finger, time * self.rate + self.phase) - self.ends.0) / (self.ends.1 - self.ends.0)
    }
}

/// The sum of harmonics without their mean, after so many beats.
fn series(coefficients: &[Complex64], beats: f64) -> f64 {
    let turn = Complex64::from_polar(1.0, TAU * beats.fract());
    let (mut power, mut sum) = (Complex64::from(1.0), 0.0);
    for own in coefficients {
        power *= turn;
        sum += (own * power).re;
    }
    2.0 * sum
}

/// Harmonics of what the heart ejects, in m³/s: u (1 − u)^2.57 while it ejects.
fn inflow(period: f64, ejection: f64, stroke: f64) -> Vec<Complex64> {
    let flow: Vec<f64> = (0..BEAT)
        .map(|place| (place as f64 / BEAT as f64 * period / ejection).min(1.0))
        .map(|u| u * (1.0 - u).powf(2.57))
        .collect();
    let mean = flow.iter().sum::<f64>() / BEAT as f64;
    let harmonic = |number: usize| {
        let turn =
            |place: usize| Complex64::from_polar(1.0, -TAU * (number * place % BEAT) as f64 / BEAT as f64);
        let sum: Complex64 = flow.iter().enumerate().map(|(place, own)| own * turn(place)).sum();
        sum / (mean * BEAT as f64) * (stroke * ML / period)
    };
    (1..=HARMONICS).map(harmonic).collect()
}

/// An artery at one frequency.
struct Tube {
    /// In m.
    length: f64,
    gamma: Complex64,
    /// The characteristic impedance.
    own: Complex64,
    reflected: Complex64,
}

impl Tube {
    /// An artery of a length and a radius (m) with a wave speed (m/s).
    fn new(length: f64, radius: f64, speed: f64, omega: f64) -> Tube {
        let area = PI * radius * radius;
        let along = Complex64::new(22.0 * PI * VISCOSITY / (area * area), omega * DENSITY / area);
        let out = Complex64::new(0.0, omega * area / (DENSITY * speed * speed))
            / Complex64::new(1.0, 0.002 * omega);
        Tube { length, gamma: (along * out).sqrt(), own: (along / out).sqrt(), reflected: Complex64::ZERO }
    }

    /// With an impedance behind it.
    fn ending_in(mut self, load: Complex64) -> Tube {
        self.reflected = (load - self.own) / (load + self.own);
        self
    }

    /// The impedance before it.
    fn before(&self) -> Complex64 {
        let back = self.reflected * (-2.0 * self.gamma * self.length).exp();
        self.own * (1.0 + back) / (1.0 - back)
    }

    /// The pressure so far down where it is `pressure` at the beginning.
    fn carries(&self, pressure: Complex64, x: f64) -> Complex64 {
        let there = (-self.gamma * x).exp();
        let back = self.reflected * (-self.gamma * (2.0 * self.length - x)).exp();
        pressure * (there + back) / (1.0 + self.reflected * (-2.0 * self.gamma * self.length).exp())
    }
}

/// Of branches that begin at one place.
fn beside(impedances: &[Complex64]) -> Complex64 {
    impedances.iter().map(|own| own.finv()).sum::<Complex64>().finv()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A middle-aged heart, and what is measured at every eighth of its beat of 0.8 s, as other code has it.
    #[test]
    fn waves_are_as_known() {
        let pressure = OUTFLOW + 0.75 * 66.0 * 75.0 / 60.0;
        let heart = Circulation {
            heart_rate: 75.0,
            stroke_volume: 66.0,
            ejection_time: 0.282,
            pressure,
            wave_speed: 8.0,
            diameter: 1.1,
            compliance: 1.0,
            phase: 0.0,
        };
        let waves = heart.waves();
        assert!((waves.mean - 95.075).abs() < 1e-3);
        for (own, known) in waves.wrist.iter().zip([6.7475, 2.5265, 3.0421, 2.3580, 1.0463]) {
            assert!((own.norm() - known).abs() < 1e-3, "{} and {known}", own.norm());
        }
        let wrist = [79.092, 98.635, 110.349, 103.272, 105.010, 91.867, 89.814, 83.770];
        let finger = [0.1905, 0.0269, 0.6577, 0.8039, 0.9882, 0.8879, 0.6774, 0.4585];
        for (eighth, (wrist, finger)) in wrist.into_iter().zip(finger).enumerate() {
            let time = 0.1 * eighth as f64;
            assert!((waves.wrist(time) - wrist).abs() < 1e-3, "{} and {wrist}", waves.wrist(time));
            assert!((waves.finger(time) - finger).abs() < 1e-3, "{} and {finger}", waves.finger(time));
        }
        assert!((heart.resistance() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn what_is_seen_without_noise_is_likeliest() {
        let heart = Circulation::at(&[0.3, -0.5, 0.2, 0.1, 0.4, -0.3, 0.0, 0.2]);
        let waves = heart.waves();
        let wrist = Seen {
            values: (0..64).map(|n| waves.wrist(f64::from(n) / 50.0)).collect(),
            rate: 50.0,
            noise: 6.0,
        };
        assert!(heart.log_likelihood(Some(&wrist), None).abs() < 1e-9);
        let other = Circulation { wave_speed: heart.wave_speed + 1.0, ..heart };
        assert!(other.log_likelihood(Some(&wrist), None) < -0.01);
        assert_eq!(heart.log_likelihood(None, None), 0.0);
    }
}
