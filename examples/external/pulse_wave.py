"""Pulse waves of a small arterial tree: pressure at the wrist and in the thigh, and the blood in a fingertip.

    external arteries(heart_rate, stroke_volume, ejection_time, resistance, wave_speed, diameter, compliance, phase)
        -> { wrist[t], finger[s], thigh[t] } = process("python3", "pulse_wave.py") {
    }

A beat is solved as a Fourier series of 20 harmonics, without steps in time: arteries are transmission lines with
friction, and what lies behind them is a Windkessel of two resistances and a compliance. Three branches begin at the
heart: (1) the upper body, (2) an arm, which ends in the ulnar artery and in the radial artery with the hand, (3) the
aorta, which ends in the abdomen and in a leg. It is a linear stand-in for the pulse wave database of Charlton et al.
(2019), whose relations between wave speeds it takes. The waves are the same for the same inputs: noise is the file's.

    heart_rate      in beats a minute
    stroke_volume   what the heart ejects in a beat, in ml
    ejection_time   how long it ejects, in s
    resistance      of all vessels together, in mmHg s/ml
    wave_speed      of the pulse wave in the aorta, in m/s
    diameter        of the aorta, as a multiple of 25 mm
    compliance      of the small vessels, as a multiple of 0.8 ml/mmHg
    phase           how much of a beat lies before the first sample, from 0 to 1

    wrist, thigh    pressure in mmHg: 64 samples at 50 Hz
    finger          volume of the hand's blood, from 0 to 1 within a beat: 128 samples at 25 Hz

It needs Python 3.9 and numpy, and about 0.6 ms a draw.

    python3 pulse_wave.py --check

compares a draw with numbers that are known.
"""

import sys

import numpy as np

from sbi_worker import serve

# (samples, samples a second) of what is measured.
PRESSURE, VOLUME = (64, 50.0), (128, 25.0)

MMHG = 133.322  # Pa
ML = 1e-6  # m^3
DENSITY = 1060.0  # kg/m^3
VISCOSITY = 2.5e-3  # Pa s
OUTFLOW = 33.2  # mmHg, where the blood leaves the arterioles
HARMONICS = np.arange(1, 21)
BEAT = np.arange(256) / 256
# Places in a beat at which the volume is looked for its least and its greatest.
SCALE = np.arange(128) / 128

# How the blood divides.
UPPER, ULNAR, HAND, ABDOMEN, LEG = 0.25, 0.025, 0.025, 0.50, 0.20
# How far down the radial artery the wrist is, and down the leg artery the thigh is measured, in m.
SITE = 0.20


class Tube:
    """An artery of a length and a radius (m) with a wave speed (m/s, one for each draw), at the frequencies `omega`."""

    def __init__(self, length, radius, speed, omega):
        area = np.pi * radius**2
        along = 22 * np.pi * VISCOSITY / area**2 + 1j * omega * DENSITY / area
        out = 1j * omega * area / (DENSITY * speed**2) / (1 + 0.002j * omega)
        self.length, self.gamma, self.own = length, np.sqrt(along * out), np.sqrt(along / out)

    def ends_in(self, load):
        """Sets the impedance behind it and returns the impedance before it."""
        self.reflected = (load - self.own) / (load + self.own)
        back = self.reflected * np.exp(-2 * self.gamma * self.length)
        return self.own * (1 + back) / (1 - back)

    def carries(self, pressure, x):
        """The pressure at `x` where it is `pressure` at the beginning."""
        there = np.exp(-self.gamma * x)
        back = self.reflected * np.exp(-self.gamma * (2 * self.length - x))
        return pressure * (there + back) / (1 + self.reflected * np.exp(-2 * self.gamma * self.length))


def beside(*impedances):
    """Of branches that begin at one place."""
    return 1 / sum(1 / impedance for impedance in impedances)


def waves(heart_rate, stroke_volume, ejection_time, resistance, wave_speed, diameter, compliance):
    """Fourier coefficients of the pressure (mmHg) at the wrist and in the thigh, and of the volume of the hand's blood
    (to a factor), each an array (draws, harmonics); and the mean pressure (mmHg), an array (draws, 1)."""
    period = 60 / heart_rate[:, None]
    stroke, ejection, resistance = stroke_volume[:, None], ejection_time[:, None], resistance[:, None]
    speed, diameter, compliance = wave_speed[:, None], diameter[:, None], compliance[:, None]
    omega = 2 * np.pi * HARMONICS / period

    u = np.minimum(BEAT * period / ejection, 1)
    flow = u * (1 - u) ** 2.57
    inflow = np.fft.fft(flow / flow.mean(axis=1, keepdims=True))[:, HARMONICS] / len(BEAT) * stroke * ML / period

    # Speeds in arms and legs go with the aorta's as in adults of all ages.
    arm_speed = 9.98 + 0.048 * (speed - 6.15) / 0.092
    leg_speed = 7.91 + 0.056 * (speed - 6.15) / 0.092
    aorta = Tube(0.40, 0.0125 * diameter, speed, omega)
    arm = Tube(0.456, 0.0042, 0.75 * arm_speed, omega)
    radial = Tube(0.235, 0.00145, 1.15 * arm_speed, omega)
    leg = Tube(0.645, 0.0032, leg_speed, omega)

    def bed(share, first=None):
        """A Windkessel with a share of the blood: its impedance, resistance and compliance."""
        peripheral, store = resistance * MMHG / ML / share, 0.8 * compliance * share * ML / MMHG
        first = 0.05 * peripheral if first is None else first
        return first + peripheral / (1 + 1j * omega * peripheral * store), peripheral * store

    hand, hand_time = bed(HAND, radial.own[:, -1:].real)
    ulnar, _ = bed(ULNAR, DENSITY * arm_speed / (np.pi * 0.0024**2))
    before_arm = arm.ends_in(beside(radial.ends_in(hand), ulnar))
    before_leg = leg.ends_in(bed(LEG, leg.own[:, -1:].real)[0])
    before_aorta = aorta.ends_in(beside(bed(ABDOMEN)[0], before_leg))

    root = inflow * beside(bed(UPPER)[0], before_arm, before_aorta) / MMHG
    elbow, hips = arm.carries(root, arm.length), aorta.carries(root, aorta.length)
    volume = radial.carries(elbow, radial.length) / hand / (1 + 1j * omega * hand_time)
    mean = OUTFLOW + stroke / period * resistance
    return radial.carries(elbow, SITE), leg.carries(hips, SITE), volume, mean


def series(coefficients, beats):
    """The sum of harmonics without their mean, at times in beats: an array (draws, times)."""
    turns = np.exp(2j * np.pi * HARMONICS[:, None] * beats[:, None, :])
    return 2 * np.einsum("dk,dkt->dt", coefficients, turns).real


def sampled(inputs, phase, pressure, volume):
    """What is measured, each as (samples, samples a second): arrays (draws, samples)."""
    wrist, thigh, hand, mean = waves(**inputs)

    def beats(measured):
        samples, hertz = measured
        return np.arange(samples) / hertz * inputs["heart_rate"][:, None] / 60 + phase[:, None]

    beat = series(hand, np.broadcast_to(SCALE, (len(phase), len(SCALE))))
    least, most = beat.min(axis=1, keepdims=True), beat.max(axis=1, keepdims=True)
    return {
        "wrist": mean + series(wrist, beats(pressure)),
        "finger": (series(hand, beats(volume)) - least) / (most - least),
        "thigh": mean + series(thigh, beats(pressure)),
    }


def simulate(seeds, phase, **inputs):
    if any((values <= 0).any() for values in inputs.values()):
        raise ValueError("rates, volumes, times and widths are above zero")
    return sampled(inputs, phase, PRESSURE, VOLUME)


# A middle-aged heart, and what is measured at every eighth of its beat of 0.8 s.
KNOWN_INPUTS = {
    "heart_rate": 75,
    "stroke_volume": 66,
    "ejection_time": 0.282,
    "resistance": 0.75,
    "wave_speed": 8,
    "diameter": 1.1,
    "compliance": 1,
}
KNOWN_MEAN = 95.075
KNOWN_HARMONICS = [6.7475, 2.5265, 3.0421, 2.3580, 1.0463]
KNOWN = {
    "wrist": [79.092, 98.635, 110.349, 103.272, 105.010, 91.867, 89.814, 83.770],
    "finger": [0.1905, 0.0269, 0.6577, 0.8039, 0.9882, 0.8879, 0.6774, 0.4585],
    "thigh": [76.117, 90.551, 122.853, 109.212, 100.298, 93.682, 86.921, 81.244],
}


def check():
    """Compares one draw with what is known of it. If anything is off by 0.001 or more, it ends with that and with 1."""
    inputs = {name: np.array([float(value)]) for name, value in KNOWN_INPUTS.items()}
    wrist, _, _, mean = waves(**inputs)
    made = sampled(inputs, np.zeros(1), (8, 10.0), (8, 10.0))
    pairs = [("mean", mean[0], KNOWN_MEAN), ("harmonics", abs(wrist[0, :5]), KNOWN_HARMONICS)]
    pairs += [(name, made[name][0], values) for name, values in KNOWN.items()]
    off = {name: np.abs(values - known).max() for name, values, known in pairs}
    wrong = [f"{name} is off by {by:.4f}" for name, by in off.items() if not by < 1e-3]
    if wrong:
        raise SystemExit(", ".join(wrong))
    print(f"as known, within {max(off.values()):.4f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        serve(simulate, batched=True)
