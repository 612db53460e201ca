//! `missing rt[trial] with probability 10%` and `on_failure "absent"`: what a data set may lack.

use super::call::Signature;
use super::codes::{
    AXIS_MISMATCH, AXIS_TWICE, EMPTY_RANGE, MISSING_PATTERN, MISSING_TARGET, MISSING_TWICE,
    NOT_A_PROBABILITY, NOT_CONSTANT, SETTING_TWICE, UNKNOWN_CHOICE, UNKNOWN_NODE,
};
use super::csv::Empty;
use super::demand::{as_percentage, wrong_number};
use super::family::{self, Entry, Shape};
use super::model::{Builder, Looked};
use super::names::{Symbol, list};
use super::network::whole;
use super::unrun::absent_failures;
use crate::{
    Argument, Axis, AxisId, AxisKind, Draw, ExprId, Gaps, Missing, Modality, NodeId, OnFailure, Rate, Role,
    Whose,
};
use sbi_syntax::tree::{self, Call, Expr, ExprKind, Place, Setting, Statement};
use sbi_syntax::{Diagnostic, Span, suggest};

const BLOCKS: Signature = Signature {
    name: "blocks",
    needs: &["of"],
    may: &[],
    elsewhere: &[("size", "of"), ("length", "of"), ("n", "of")],
    example: "in blocks(of = 5)",
};
const TAIL: Signature = Signature { name: "tail", needs: &[], may: &[], elsewhere: &[], example: "in tail" };

/// What is wrong; nothing where that has been told already.
type Wrong = Vec<Diagnostic>;

impl<'t> Builder<'t> {
    /// Checks the `missing` statements of a model.
    pub(super) fn missing(
        &mut self,
        body: impl IntoIterator<Item = &'t Statement>,
        modalities: &[Modality],
    ) -> Vec<Missing> {
        let mut found: Vec<Missing> = Vec::new();
        for statement in body {
            // A line that could not be read may have been about gaps.
            self.gaps_unknown |= matches!(statement, Statement::Bad(_));
            let Statement::Missing(statement) = statement else { continue };
            let missing = match self.missing_statement(statement, modalities) {
                Ok(missing) => missing,
                Err(told) => {
                    self.told.extend(told);
                    self.gaps_unknown = true;
                    continue;
                }
            };
            // That all of something may be missing and that single values of it may be are two things.
            let same = |first: &&Missing| {
                first.whose == missing.whose && (first.gaps == Gaps::All) == (missing.gaps == Gaps::All)
            };
            if let Some(first) = found.iter().find(same) {
                let message = format!("how often `{}` is missing is told twice", statement.target.name.text);
                let told = MISSING_TWICE.at(statement.span, message).label(first.span, "first here");
                self.told.push(told.help("remove one of them"));
                continue;
            }
            found.push(missing);
        }
        found
    }

    fn missing_statement(
        &mut self,
        statement: &'t tree::Missing,
        modalities: &[Modality],
    ) -> Result<Missing, Wrong> {
        let rate = self.rate(&statement.probability);
        let whose = self.whose(&statement.target, modalities);
        let gaps = match &whose {
            Ok(whose) => self.gaps(statement, *whose, modalities),
            Err(_) => Err(Vec::new()),
        };
        match (whose, gaps, rate) {
            (Ok(_), Ok(_), Ok(Rate::Fixed(1.0))) => {
                let told = MISSING_PATTERN
                    .at(statement.probability.span, "what is missing in every data set is never seen");
                Err(vec![told.help(
                    "write how often it is, `10%`; what was not measured is no `data` of the model: remove it",
                )])
            }
            (Ok(whose), Ok(gaps), Ok(rate)) => Ok(Missing { whose, gaps, rate, span: statement.span }),
            (whose, gaps, rate) => {
                let told = whose.err().into_iter().chain(gaps.err()).chain(rate.err());
                Err(told.flatten().collect())
            }
        }
    }

    /// What a statement says is missing.
    fn whose(&self, place: &Place, modalities: &[Modality]) -> Result<Whose, Wrong> {
        let name = &place.name.text;
        match self.names.get(name) {
            Some(Symbol::Refused) => Err(Vec::new()),
            Some(Symbol::Modality) => {
                let found = modalities.iter().position(|modality| modality.name == *name);
                found
                    .filter(|found| modalities.get(*found).is_some_and(|modality| !modality.nodes.is_empty()))
                    .map(Whose::Modality)
                    .ok_or_else(Vec::new)
            }
            Some(Symbol::Node(id)) => {
                let node = self.nodes.get(id.0).ok_or_else(Vec::new)?;
                if node.role == Role::Data {
                    return Ok(Whose::Node(id));
                }
                let message = format!("only data and modalities can be missing, and `{name}` is neither");
                let told = MISSING_TARGET.at(place.name.span, message).label(node.span, "declared here");
                Err(vec![told.help("a query leaves out what it does not mention: remove this line")])
            }
            _ => {
                let told = UNKNOWN_NODE.at(place.name.span, format!("there is no `{name}` here"));
                let data = self.nodes.iter().filter(|node| node.role == Role::Data);
                let known: Vec<&str> = data
                    .map(|node| node.name.as_str())
                    .chain(modalities.iter().map(|modality| modality.name.as_str()))
                    .collect();
                Err(vec![match suggest(name, known.iter().copied()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("data and modalities of this model: {}", list(known))),
                }])
            }
        }
    }

    /// The data that a statement is about.
    fn data_of(&self, whose: Whose, modalities: &[Modality]) -> Vec<NodeId> {
        match whose {
            Whose::Node(id) => vec![id],
            Whose::Modality(number) => {
                modalities.get(number).map(|modality| modality.nodes.clone()).unwrap_or_default()
            }
        }
    }

    /// Which values are missing at a time.
    fn gaps(
        &mut self,
        statement: &'t tree::Missing,
        whose: Whose,
        modalities: &[Modality],
    ) -> Result<Gaps, Wrong> {
        let nodes = self.data_of(whose, modalities);
        let shapes: Option<Vec<Vec<AxisId>>> =
            nodes.iter().map(|id| self.shapes.get(id.0).cloned().flatten()).collect();
        let shapes = shapes.ok_or_else(Vec::new)?;
        let common: Vec<AxisId> = shapes
            .split_first()
            .map(|(first, others)| {
                let shared = |axis: &&AxisId| others.iter().all(|axes| axes.contains(axis));
                first.iter().filter(shared).copied().collect()
            })
            .unwrap_or_default();
        let (place, name) = (&statement.target, &statement.target.name.text);
        let axes = self.gap_axes(place, &common)?;
        if let Some(pattern) = &statement.pattern {
            return self.pattern(pattern, statement, &axes, &common);
        }
        match (statement.all, axes.is_empty()) {
            (true, true) => Ok(Gaps::All),
            (true, false) => {
                let message = format!("`all {name}` is one thing, and has no elements to name");
                let told = MISSING_PATTERN.at(place.span, message);
                Err(vec![
                    told.help(format!("write `missing all {name} …`, or `missing {} …`", text_of(place))),
                ])
            }
            (false, false) => Ok(Gaps::Each(axes)),
            // A datum of one number is missing as a whole.
            (false, true) if shapes.iter().all(Vec::is_empty) => Ok(Gaps::All),
            (false, true) => {
                let message =
                    format!("it is not said whether elements of `{name}` are missing, or all of it");
                let told = MISSING_PATTERN.at(place.span, message);
                Err(vec![told.help(match self.named(&common) {
                    Some(index) => {
                        format!(
                            "write `missing {name}[{index}] …` for each element, or `missing all {name} …`"
                        )
                    }
                    None => format!("write `missing all {name} …`: its data share no axis"),
                })])
            }
        }
    }

    /// The axes that a statement names, out of those that its data share.
    fn gap_axes(&mut self, place: &'t Place, common: &[AxisId]) -> Result<Vec<AxisId>, Wrong> {
        let name = &place.name.text;
        let mut axes = Vec::new();
        for index in &place.index {
            let Some(axis) = self.axis_of(index) else {
                if let ExprKind::Path(path) = &index.kind
                    && let Some(written) = path.as_name()
                {
                    let refused =
                        matches!(self.names.get(&written.text), Some(Symbol::Axis(None) | Symbol::Refused));
                    return Err(if refused {
                        Vec::new()
                    } else {
                        self.unknown_axis(written).into_iter().collect()
                    });
                }
                let told =
                    MISSING_PATTERN.at(index.span, "an axis is expected here: every element may be missing");
                return Err(vec![match self.named(common) {
                    Some(index) => told.help(format!("write `missing {name}[{index}] …`")),
                    None => told.help(format!("write `missing all {name} …`")),
                }]);
            };
            if axes.contains(&axis) {
                let told = AXIS_TWICE.at(index.span, "this axis stands here twice");
                return Err(vec![told.help("name each axis once")]);
            }
            if !common.contains(&axis) {
                let over = self.axes.get(axis.0).map_or("", |axis| axis.name.as_str());
                let message = format!("not all of `{name}` runs over `{over}`");
                let told = AXIS_MISMATCH.at(index.span, message);
                return Err(vec![match self.named(common) {
                    Some(index) => told.help(format!("write `missing {name}[{index}] …`")),
                    None => told.help(format!("write `missing all {name} …`, or name one of its data")),
                }]);
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// `in blocks(of = 5)`, `in tail`: which need one axis with an order.
    fn pattern(
        &mut self,
        pattern: &'t Call,
        statement: &'t tree::Missing,
        axes: &[AxisId],
        common: &[AxisId],
    ) -> Result<Gaps, Wrong> {
        let (kind, name) = (pattern.path.text(), &statement.target.name.text);
        let known = [BLOCKS, TAIL];
        let Some(signature) = known.iter().find(|signature| signature.name == kind) else {
            let told = UNKNOWN_CHOICE.at(pattern.path.span, format!("there are no gaps `in {kind}`"));
            return Err(vec![match suggest(&kind, known.map(|signature| signature.name)) {
                Some(similar) => told.did_you_mean(Some(similar)),
                None => told.help(format!("write `{}` or `{}`", BLOCKS.example, TAIL.example)),
            }]);
        };
        let taken = signature.take(pattern)?;
        let (false, [id]) = (statement.all, axes) else {
            let told =
                MISSING_PATTERN.at(statement.target.span, format!("`in {kind}` needs one axis to run along"));
            return Err(vec![match common.first().and_then(|axis| self.axes.get(axis.0)) {
                Some(axis) => told.help(format!("write `missing {name}[{}] in {kind} …`", axis.name)),
                None => told.help(format!("remove `in {kind}`")),
            }]);
        };
        let axis = self.axes.get(id.0).ok_or_else(Vec::new)?;
        if matches!(axis.kind, AxisKind::Set(_)) {
            let message = format!("`{}` is a set, whose elements have no neighbours", axis.name);
            let told = MISSING_PATTERN.at(pattern.span, message).label(axis.span, "declared here");
            let help = format!("remove `in {kind}`; elements in a row: `axis {} : ordered(10)`", axis.name);
            return Err(vec![told.help(help)]);
        }
        match taken.get("of") {
            None => Ok(Gaps::Tail(*id)),
            Some(of) => {
                let size = whole("of", &of.value, &self.constants, 1..=axis.size());
                Ok(Gaps::Blocks(*id, size.map_err(|told| vec![told])?))
            }
        }
    }

    /// The names of axes, as an index has them; none where there are none.
    fn named(&self, axes: &[AxisId]) -> Option<String> {
        let names: Vec<&str> = axes
            .iter()
            .filter_map(|axis| self.axes.get(axis.0))
            .map(|axis: &Axis| axis.name.as_str())
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// How often something is missing: a number, or a distribution that is drawn from once for each data set.
    fn rate(&mut self, value: &'t Expr) -> Result<Rate, Wrong> {
        if let ExprKind::Call(call) = &value.kind
            && let Some(entry) = family::find(&call.path.text())
        {
            return self.drawn_rate(entry, call);
        }
        if let ExprKind::Path(path) = &value.kind
            && let Some(Symbol::Node(id)) = self.names.get(&path.text())
            && self.nodes.get(id.0).is_some_and(|node| node.role != Role::Let)
        {
            let message = format!("how often data are missing cannot be read from `{}`", path.text());
            let told = NOT_CONSTANT.at(value.span, message);
            return Err(vec![told.help(
                "write `with probability uniform(0%, 40%)` for a rate of each data set; gaps that depend on values are data: `data seen[i] ~ bernoulli(…)`",
            )]);
        }
        if matches!(value.kind, ExprKind::If { .. }) {
            let told = NOT_CONSTANT.at(value.span, "how often data are missing does not depend on values");
            return Err(vec![told.help(
                "whether a value is seen is a datum of its own: `data seen[i] ~ bernoulli(if … then 0.5 else 1)`",
            )]);
        }
        let number = self.constants.number(value).map_err(|told| vec![told])?;
        if (0.0..=1.0).contains(&number) {
            return Ok(Rate::Fixed(number));
        }
        let told = NOT_A_PROBABILITY
            .at(value.span, format!("the probability is {number}, and must lie between 0 and 1"));
        Err(vec![told.help(match &value.kind {
            ExprKind::Number(written) if written.percent => "a share is at most `100%`".to_owned(),
            _ => as_percentage(number),
        })])
    }

    fn drawn_rate(&mut self, entry: &'static Entry, call: &'t Call) -> Result<Rate, Wrong> {
        const HELP: &str = "write `uniform(0%, 40%)`, or `beta(2, 8)`";
        let beyond = |message: String| NOT_A_PROBABILITY.at(call.span, message).help(HELP);
        if entry.slots.iter().any(|slot| slot.shape != Shape::Scalar) {
            return Err(vec![beyond(format!("`{}` draws no probability", entry.name))]);
        }
        // What is wrong with the call is told where its arguments are assigned.
        let written = self.assign(entry, call).ok_or_else(Vec::new)?;
        let mut numbers = Vec::new();
        for (slot, written) in entry.slots.iter().zip(written) {
            numbers.push(match (written, slot.default) {
                (Some((way, argument)), _) => {
                    let value = self.constants.number(&argument.value).map_err(|told| vec![told])?;
                    if let Some(told) = wrong_number(way.name, way.demand, value, argument.span) {
                        return Err(vec![told]);
                    }
                    way.turn.number(value)
                }
                (None, default) => default.expect("an argument without a default is written"),
            });
        }
        let arguments = (0..numbers.len()).map(|place| Argument::Scalar(ExprId(place))).collect();
        let draw = Draw { family: entry.family, arguments, transforms: Vec::new(), span: call.span };
        let support = draw.support(&|place| numbers.get(place.0).copied());
        if support.low >= support.high {
            let told = EMPTY_RANGE
                .at(call.span, format!("no number lies between {} and {}", support.low, support.high));
            return Err(vec![told.help("write the lower end first: `uniform(0%, 40%)`")]);
        }
        if support.low < 0.0 || support.high > 1.0 {
            return Err(vec![beyond(format!(
                "`{}` gives numbers here that are no probabilities",
                entry.name
            ))]);
        }
        Ok(Rate::Drawn(entry.family, numbers))
    }

    /// What the model says of draws that fail.
    pub(super) fn on_failure(&mut self, body: impl IntoIterator<Item = &'t Statement>) -> OnFailure {
        let mut found: Option<(OnFailure, Span)> = None;
        for statement in body {
            let Statement::Setting(setting) = statement else { continue };
            if let Some((_, first)) = found {
                let told =
                    SETTING_TWICE.at(setting.name.span, format!("`{}` is set twice", setting.name.text));
                self.told.push(told.label(first, "first here").help("remove one of them"));
                continue;
            }
            let chosen = on_failure(setting).map_err(|told| self.told.push(told)).unwrap_or_default();
            found = Some((chosen, setting.name.span));
            if chosen == OnFailure::Absent {
                self.unlearned.push(absent_failures(setting.span));
            }
        }
        found.map(|(chosen, _)| chosen).unwrap_or_default()
    }
}

/// The choice that an `on_failure` makes.
///
/// # Errors
/// It is none of those that there are.
pub(super) fn on_failure(setting: &Setting) -> Result<OnFailure, Diagnostic> {
    let choices =
        [("stop", OnFailure::Stop), ("absent", OnFailure::Absent), ("resample", OnFailure::Resample)];
    let names = || choices.iter().map(|(name, _)| *name);
    let (word, quoted) = match &setting.value.kind {
        ExprKind::Text(text) => (text.clone(), true),
        ExprKind::Path(path) => (path.text(), false),
        _ => (String::new(), false),
    };
    let found = choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice);
    if let Some(choice) = found.filter(|_| quoted) {
        return Ok(choice);
    }
    let told = UNKNOWN_CHOICE.at(
        setting.value.span,
        match found {
            Some(_) => "this choice stands in quotes".to_owned(),
            None => format!("`on_failure` is one of {}", list(names())),
        },
    );
    // What others call it: to leave a failed draw out, or to draw it again.
    let elsewhere = match word.as_str() {
        "skip" | "ignore" | "drop" | "nan" | "missing" | "none" => Some("absent"),
        "retry" | "redraw" | "repeat" | "again" | "reject" => Some("resample"),
        _ => None,
    };
    let similar = found.map(|_| word.as_str()).or_else(|| suggest(&word, names()));
    if let (None, Some(first)) = (similar, elsewhere) {
        let choice = |name: &str| match name {
            "absent" => "`on_failure \"absent\"` leaves out the data that a failure reaches",
            _ => "`on_failure \"resample\"` draws a failed simulation anew, which changes the prior",
        };
        let second = if first == "absent" { "resample" } else { "absent" };
        return Err(told.help(format!("{}; {}", choice(first), choice(second))));
    }
    Err(told.help(format!("write `on_failure \"{}\"`", similar.unwrap_or("stop"))))
}

/// What an empty cell of a data file means for a node.
pub(super) fn empty(looked: &Looked<'_>, node: NodeId) -> Empty {
    let model = &looked.model;
    if looked.gaps_unknown {
        return Empty::Gap;
    }
    let about = |missing: &&Missing| match missing.whose {
        Whose::Node(id) => id == node,
        Whose::Modality(number) => {
            model.modalities.get(number).is_some_and(|modality| modality.nodes.contains(&node))
        }
    };
    let mut found = model.missing.iter().filter(about).peekable();
    match (found.peek().is_some(), found.any(|missing| missing.gaps != Gaps::All)) {
        (false, _) => Empty::Surprise,
        (true, false) => Empty::Whole,
        (true, true) => Empty::Gap,
    }
}

/// A place as it is written, where its index is made of names.
fn text_of(place: &Place) -> String {
    let index = place.index.iter().filter_map(|index| match &index.kind {
        ExprKind::Path(path) => Some(path.text()),
        _ => None,
    });
    format!("{}[{}]", place.name.text, index.collect::<Vec<_>>().join(", "))
}
