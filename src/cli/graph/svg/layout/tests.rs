//! Whatever is laid out: boxes do not overlap, links run through none, and frames hold what is theirs and nothing else.

use super::{Layout, Link, Size, Sketch, layout};

/// Numbers that are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

fn link(from: usize, to: usize) -> Link {
    Link { from, to, leave: None, enter: None }
}

fn random(seed: u64) -> Sketch {
    let mut random = Random(seed);
    let count = 1 + random.below(24);
    let frames = random.below(5);
    let own = |random: &mut Random| Size {
        width: 30.0 + random.below(150) as f64,
        height: 20.0 + random.below(60) as f64,
        frames: (0..frames).filter(|_| random.below(3) == 0).collect(),
    };
    let boxes: Vec<Size> = (0..count).map(|_| own(&mut random)).collect();
    let links = random.below(2 * count);
    let pairs = (0..links).map(|_| (random.below(count), random.below(count))).collect::<Vec<_>>();
    let links = pairs.into_iter().filter(|(from, to)| from < to).map(|(from, to)| link(from, to)).collect();
    Sketch {
        boxes,
        links,
        labels: (0..frames).map(|frame| 40.0 + 60.0 * frame as f64).collect(),
        widest: 700.0,
    }
}

/// The sides of a box: left, top, right, bottom.
fn sides(sketch: &Sketch, layout: &Layout, own: usize) -> [f64; 4] {
    let ((x, y), size) = (layout.centres[own], &sketch.boxes[own]);
    [x - size.width / 2.0, y - size.height / 2.0, x + size.width / 2.0, y + size.height / 2.0]
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    const SLACK: f64 = 0.01;
    a[0] < b[2] - SLACK && b[0] < a[2] - SLACK && a[1] < b[3] - SLACK && b[1] < a[3] - SLACK
}

#[test]
fn random_sketches_are_laid_out_without_overlaps() {
    let mut pieces = 0;
    for seed in 0..400 {
        let sketch = random(seed);
        let placed = layout(&sketch);
        let own = |number: usize| sides(&sketch, &placed, number);
        let count = sketch.boxes.len();
        for one in 0..count {
            let [left, top, right, bottom] = own(one);
            assert!(
                left >= -0.01
                    && top >= -0.01
                    && right <= placed.width + 0.01
                    && bottom <= placed.height + 0.01
            );
            assert!(
                (0..one).all(|other| !overlap(own(one), own(other))),
                "seed {seed}: boxes overlap at {one}"
            );
        }
        for (route, link) in placed.routes.iter().zip(&sketch.links) {
            for stop in &route.stops {
                let thin = [stop.x - 0.5, stop.top, stop.x + 0.5, stop.bottom];
                let through = (0..count)
                    .find(|other| ![link.from, link.to].contains(other) && overlap(thin, own(*other)));
                assert_eq!(through, None, "seed {seed}: {link:?} runs through a box");
            }
            // Between stops it stays between rows, where no box is.
            let pairs = route.stops.iter().zip(route.stops.iter().skip(1));
            pairs.for_each(|(one, next)| {
                assert!(one.bottom <= next.top, "seed {seed}: {link:?} turns within a row")
            });
            assert!(!route.upwards);
        }
        pieces += placed.frames.len();
        for frame in &placed.frames {
            let area = [frame.left, frame.top, frame.right, frame.bottom];
            for number in (0..count).filter(|number| overlap(area, own(*number))) {
                assert!(
                    sketch.boxes[number].frames.contains(&frame.frame),
                    "seed {seed}: box {number} stands in frame {}",
                    frame.frame
                );
            }
            let label = sketch.labels[frame.frame];
            assert!(
                frame.right - frame.left >= label,
                "seed {seed}: no room for the label of {}",
                frame.frame
            );
        }
        for (number, size) in sketch.boxes.iter().enumerate() {
            for frame in &size.frames {
                let [left, top, right, bottom] = own(number);
                let around =
                    placed.frames.iter().filter(|own| own.frame == *frame).any(|own| {
                        own.left < left && own.top < top && own.right > right && own.bottom > bottom
                    });
                assert!(around, "seed {seed}: box {number} is outside of frame {frame}");
            }
        }
    }
    assert!(pieces > 400, "{pieces} pieces of frames");
}

#[test]
fn what_reads_stands_below() {
    for seed in 0..100 {
        let sketch = random(seed);
        let placed = layout(&sketch);
        for link in &sketch.links {
            let (above, below) = (sides(&sketch, &placed, link.from), sides(&sketch, &placed, link.to));
            assert!(above[3] < below[1], "seed {seed}: {link:?}");
        }
    }
}

#[test]
fn frames_that_cross_once_are_whole() {
    let own = |frames: &[usize]| Size { width: 50.0, height: 30.0, frames: frames.to_vec() };
    let boxes = vec![own(&[0]), own(&[1]), own(&[0, 1])];
    let sketch =
        Sketch { boxes, links: vec![link(0, 2), link(1, 2)], labels: vec![40.0, 40.0], widest: 700.0 };
    assert_eq!(layout(&sketch).frames.len(), 2);
    // Three that cross in a circle are not: one is in two pieces.
    let boxes = vec![own(&[0, 1]), own(&[1, 2]), own(&[0, 2])];
    let sketch = Sketch { boxes, links: Vec::new(), labels: vec![40.0; 3], widest: 700.0 };
    assert_eq!(layout(&sketch).frames.len(), 4);
}

#[test]
fn a_tree_is_laid_out_without_crossings() {
    let own = || Size { width: 50.0, height: 30.0, frames: Vec::new() };
    // Each of the first seven has two below it, but boxes are numbered so that they are tangled at first.
    let tangled = |number: usize| if number < 7 { number } else { 7 + (number - 7) * 3 % 8 };
    let pairs = (0..7).flat_map(|above| [(above, 2 * above + 1), (above, 2 * above + 2)]);
    let links = pairs.map(|(from, to)| link(tangled(from), tangled(to))).collect();
    let placed = layout(&Sketch { boxes: vec![own(); 15], links, labels: Vec::new(), widest: 900.0 });
    let ways: Vec<(f64, f64, f64)> = placed
        .routes
        .iter()
        .flat_map(|route| {
            route
                .stops
                .iter()
                .zip(route.stops.iter().skip(1))
                .map(|(a, b)| (a.bottom, a.x, b.x))
                .collect::<Vec<_>>()
        })
        .collect();
    for (row, x, to) in &ways {
        let crossed = ways.iter().any(|(other, a, b)| other == row && (x - a) * (to - b) < 0.0);
        assert!(!crossed, "{ways:?}");
    }
}

#[test]
fn circles_are_drawn_upwards() {
    let own = || Size { width: 50.0, height: 30.0, frames: Vec::new() };
    let sketch = Sketch {
        boxes: vec![own(), own()],
        links: vec![link(0, 1), link(1, 0)],
        labels: Vec::new(),
        widest: 900.0,
    };
    let upwards: Vec<bool> = layout(&sketch).routes.iter().map(|route| route.upwards).collect();
    assert_eq!(upwards, [false, true]);
}

#[test]
fn nothing_takes_no_room() {
    let placed = layout(&Sketch { widest: 700.0, ..Sketch::default() });
    assert_eq!((placed.width, placed.height), (0.0, 0.0));
}
