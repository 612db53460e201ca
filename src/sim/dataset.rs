//! What differs from data set to data set: how many elements axes have, where they are, and what is missing.
//!
//! Elements are those of an axis at its largest; the ones behind its size are absent, and take part in no reduction. Random
//! numbers have the names of what they are about: of an axis, which may be renamed, the first of the nodes over it.

use crate::dist::{self, Argument, Site};
use crate::given::Given;
use crate::lower::Lower;
use crate::rng::path_hash;
use crate::ssa::{Law, Noise, Op, Value};
use sbi_model::Binary;
use sbi_model::{Axis, AxisId, AxisKind, Count, Gaps, Missing, Node, NodeId, Rate, Unary, Whose, natural};

/// What a data set has of an axis.
#[derive(Clone, Default)]
pub(crate) struct Extent {
    /// How many elements, where that differs.
    size: Option<Value>,
    /// Where they are, where that differs.
    coordinates: Vec<Value>,
}

impl Lower<'_> {
    /// Draws the sizes and the places of all axes.
    pub(crate) fn draw_extents(&mut self) {
        let model = self.model;
        self.extents =
            model.axes.iter().enumerate().map(|(axis, kind)| self.extent(AxisId(axis), kind)).collect();
    }

    fn extent(&mut self, id: AxisId, axis: &Axis) -> Extent {
        let name = self.name_of_axis(id);
        match axis.kind {
            AxisKind::Set(count) => Extent { size: self.drawn_size(&name, count), coordinates: Vec::new() },
            AxisKind::Scattered { count, from, to } => {
                let size = self.drawn_size(&name, count);
                let coordinates = self.scattered(&name, count.most, size, [from, to]);
                Extent { size, coordinates }
            }
            _ => Extent::default(),
        }
    }

    /// Takes the sizes and the places of all axes from a table: a data set has an axis up to the last element of which
    /// something is there.
    pub(crate) fn read_extents(&mut self, given: &Given<'_>) {
        let model = self.model;
        let axes = model.axes.iter().enumerate().map(|(id, axis)| (AxisId(id), axis));
        let extents = axes.map(|(id, axis)| {
            let (AxisKind::Set(count) | AxisKind::Scattered { count, .. }) = axis.kind else {
                return Extent::default();
            };
            let coordinates = given.coordinates(id).unwrap_or_default();
            let coordinates = self.read_columns(coordinates);
            let along = if count.least == count.most { Vec::new() } else { given.along(id) };
            let mut size = None;
            for (place, column) in along {
                let there = self.program.leaf(Op::Given(column as u32));
                let known = self.program.binary(Binary::Eq, there, there);
                let [fewer, so_many] =
                    [count.least, (place + 1).max(count.least)].map(|n| self.program.number(n as f64));
                let reached = self.program.select(known, so_many, fewer);
                size = Some(size.map_or(reached, |size| self.program.binary(Binary::Max, reached, size)));
            }
            Extent { size, coordinates }
        });
        self.extents = extents.collect();
    }

    /// The values of columns of a table.
    pub(crate) fn read_columns(&mut self, columns: &[usize]) -> Vec<Value> {
        columns.iter().map(|column| self.program.leaf(Op::Given(*column as u32))).collect()
    }

    /// Whether some data sets lack an element of a node.
    pub(crate) fn may_lack(&self, id: NodeId, element: usize) -> bool {
        let places = self.places(self.model.node(id), element);
        let beyond = |(axis, place): &(AxisId, usize)| *place >= self.least_of(*axis);
        places.iter().any(beyond) || self.model.missing.iter().any(|missing| self.is_about(missing, id))
    }

    /// The first of the nodes over an axis, by the natural order of their names, and its place among the axes of that.
    fn name_of_axis(&self, axis: AxisId) -> String {
        let over = self.model.nodes.iter().filter_map(|node| {
            let place = node.axes.iter().position(|of| *of == axis)?;
            Some((node.name.as_str(), place))
        });
        let first = over.min_by(|(a, _), (b, _)| natural::compare(a, b));
        first.map(|(name, place)| format!("{name}/{place}")).unwrap_or_default()
    }

    fn uniform(&mut self, name: &str, element: usize) -> Value {
        self.program.noise(Noise { law: Law::Uniform, path: path_hash(name), element: element as u32 })
    }

    /// A size, each between the fewest and the most as likely as any other.
    fn drawn_size(&mut self, name: &str, count: Count) -> Option<Value> {
        if count.least == count.most {
            return None;
        }
        let share = self.uniform(&format!("size of {name}"), 0);
        let (least, range) = (count.least as f64, (count.most - count.least + 1) as f64);
        let [least, range] = [least, range].map(|x| self.program.number(x));
        let more = self.program.mul(share, range);
        let more = self.program.unary(Unary::Floor, more);
        Some(self.program.add(more, least))
    }

    /// Uniform instants in their order: sums of exponential numbers, over the sum of one more of them (Devroye 1986, V.3.1).
    fn scattered(
        &mut self,
        name: &str,
        most: usize,
        size: Option<Value>,
        [from, to]: [f64; 2],
    ) -> Vec<Value> {
        let name = format!("times of {name}");
        let mut sum = self.program.number(0.0);
        let mut sums = Vec::new();
        for place in 0..=most {
            let share = self.uniform(&name, place);
            let log = self.program.unary(Unary::Log, share);
            sum = self.program.sub(sum, log);
            sums.push(sum);
        }
        let mut whole = sum;
        if let Some(size) = size {
            for (place, sum) in sums.iter().enumerate() {
                let place = self.program.number(place as f64);
                let is_it = self.program.binary(Binary::Eq, size, place);
                whole = self.program.select(is_it, *sum, whole);
            }
        }
        let (first, length) = (self.program.number(from), self.program.number(to - from));
        sums.truncate(most);
        let place = |sum: Value| {
            let share = self.program.div(sum, whole);
            let off = self.program.mul(share, length);
            self.program.add(off, first)
        };
        sums.into_iter().map(place).collect()
    }

    /// The coordinate of an element of an axis.
    pub(crate) fn coordinate_of(&mut self, axis: AxisId, position: usize) -> Value {
        let drawn = self.extents.get(axis.0).and_then(|extent| extent.coordinates.get(position)).copied();
        match (drawn, self.model.axis(axis).coordinate(position)) {
            (Some(drawn), _) => self.brought(drawn),
            (None, Some(known)) => self.program.number(known),
            (None, None) => panic!("the checker refuses coordinates that nobody knows"),
        }
    }

    /// Whether a data set has an element of an axis; none where all have it.
    pub(crate) fn has(&mut self, axis: AxisId, position: usize) -> Option<Value> {
        let size = self.extents.get(axis.0).and_then(|extent| extent.size)?;
        if position < self.least_of(axis) {
            return None;
        }
        let size = self.brought(size);
        let position = self.program.number(position as f64);
        Some(self.program.binary(Binary::Lt, position, size))
    }

    fn least_of(&self, axis: AxisId) -> usize {
        match self.model.axis(axis).kind {
            AxisKind::Set(count) | AxisKind::Scattered { count, .. } => count.least,
            _ => usize::MAX,
        }
    }

    /// How many elements a data set has of an axis.
    pub(crate) fn size_of_axis(&mut self, axis: AxisId) -> Value {
        match self.extents.get(axis.0).and_then(|extent| extent.size) {
            Some(size) => self.brought(size),
            None => self.program.number(self.size(axis) as f64),
        }
    }

    /// Whether a data set has an element of a node; none where all have it.
    pub(crate) fn present(&mut self, id: NodeId, element: usize) -> Option<Value> {
        let node = self.model.node(id);
        let places = self.places(node, element);
        let mut present = None;
        for (axis, position) in &places {
            let has = self.has(*axis, *position);
            present = self.both(present, has);
        }
        for number in 0..self.model.missing.len() {
            let Some(missing) = self.model.missing.get(number).filter(|missing| self.is_about(missing, id))
            else {
                continue;
            };
            let lacks = self.lacks(missing, &places);
            let has = self.program.unary(Unary::Not, lacks);
            present = self.both(present, Some(has));
        }
        present
    }

    pub(crate) fn both(&mut self, one: Option<Value>, other: Option<Value>) -> Option<Value> {
        match (one, other) {
            (Some(one), Some(other)) if one != other => Some(self.program.binary(Binary::And, one, other)),
            (one, other) => one.or(other),
        }
    }

    /// `value`, or true where a data set lacks a place along these axes: what happens there is of no consequence.
    pub(crate) fn where_there(&mut self, axes: &[AxisId], place: usize, value: Value) -> Value {
        let (mut rest, mut present) = (place, None);
        for axis in axes.iter().rev() {
            let has = self.has(*axis, rest % self.size(*axis));
            present = self.both(present, has);
            rest /= self.size(*axis);
        }
        match present {
            Some(present) => self.implied(present, value),
            None => value,
        }
    }

    /// Whether `value` holds, or `condition` does not.
    pub(crate) fn implied(&mut self, condition: Value, value: Value) -> Value {
        let lacks = self.program.unary(Unary::Not, condition);
        self.program.binary(Binary::Or, value, lacks)
    }

    /// Where an element stands along the axes of its node.
    fn places(&self, node: &Node, element: usize) -> Vec<(AxisId, usize)> {
        let mut rest = element;
        let mut places: Vec<(AxisId, usize)> = Vec::new();
        for axis in node.axes.iter().rev() {
            let size = self.size(*axis);
            places.push((*axis, rest % size));
            rest /= size;
        }
        places
    }

    fn is_about(&self, missing: &Missing, node: NodeId) -> bool {
        match missing.whose {
            Whose::Node(id) => id == node,
            Whose::Modality(number) => {
                self.model.modalities.get(number).is_some_and(|modality| modality.nodes.contains(&node))
            }
        }
    }

    /// Whether an element at these places is missing by a statement.
    fn lacks(&mut self, missing: &Missing, places: &[(AxisId, usize)]) -> Value {
        let whose = if matches!(missing.whose, Whose::Modality(_)) { "modality " } else { "" };
        let name = format!("missing {whose}{}", self.name_of_missing(missing));
        let at =
            |axis: &AxisId| places.iter().find(|(known, _)| known == axis).map_or(0, |(_, place)| *place);
        let kind = match &missing.gaps {
            Gaps::All => " all",
            _ => "",
        };
        let name = format!("{name}{kind}");
        let group = match &missing.gaps {
            Gaps::All | Gaps::Tail(_) => 0,
            Gaps::Each(axes) => axes.iter().fold(0, |group, axis| group * self.size(*axis) + at(axis)),
            Gaps::Blocks(axis, length) => at(axis) / length,
        };
        let share = self.uniform(&name, group);
        let rate = self.rate(&missing.rate, &name);
        let lacks = self.program.binary(Binary::Lt, share, rate);
        let Gaps::Tail(axis) = &missing.gaps else { return lacks };
        let (end, size) = (self.uniform(&format!("{name} from"), 0), self.size_of_axis(*axis));
        let end = self.program.mul(end, size);
        let last = self.program.unary(Unary::Floor, end);
        let place = self.program.number(at(axis) as f64);
        let behind = self.program.binary(Binary::Gt, place, last);
        self.program.binary(Binary::And, lacks, behind)
    }

    /// How often something is missing: drawn once for each data set, if it is drawn.
    fn rate(&mut self, rate: &Rate, name: &str) -> Value {
        match rate {
            Rate::Fixed(rate) => self.program.number(*rate),
            Rate::Drawn(family, numbers) => {
                let arguments = numbers.iter().map(|number| Argument::Scalar(self.program.number(*number)));
                let arguments: Vec<Argument> = arguments.collect();
                let site = Site { path: path_hash(&format!("rate of {name}")), element: 0, alone: true };
                let drawn = (dist::of(*family).draw)(&mut self.program, site, &arguments);
                drawn.first().copied().expect("a rate is one number")
            }
        }
    }

    /// The name of what may be missing; a modality has that of its first datum.
    fn name_of_missing(&self, missing: &Missing) -> &str {
        let name = |id: NodeId| self.model.node(id).name.as_str();
        match missing.whose {
            Whose::Node(id) => name(id),
            Whose::Modality(number) => {
                let modality = self.model.modalities.get(number).into_iter();
                let names = modality.flat_map(|modality| &modality.nodes).map(|id| name(*id));
                names.min_by(|a, b| natural::compare(a, b)).unwrap_or_default()
            }
        }
    }

    /// What comes out of an element: NaN where the data set lacks it, and infinity where it is no finite number, so that the
    /// two are told apart.
    pub(crate) fn shown(&mut self, value: Value, present: Value) -> Value {
        let finite = self.program.is_finite(value);
        let (failed, absent) = (self.program.number(f64::INFINITY), self.program.number(f64::NAN));
        let value = self.program.select(finite, value, failed);
        self.program.select(present, value, absent)
    }
}
