//! How the numbers of a query lie in a file with named dimensions: a variable for each node, a dimension for each of its axes.

use super::names::fresh;
use sbi_model::{AxisId, AxisKind, Model, Node, NodeId, Placed, Token};
use std::collections::{BTreeMap, BTreeSet};

/// The dimensions of all draws, which no axis and no node is called by.
pub const CHAIN: &str = "chain";
pub const DRAW: &str = "draw";

/// Variables that are read together, with their dimensions.
#[derive(Debug, PartialEq)]
pub struct Group<'a> {
    /// The dimensions, each once.
    pub dimensions: Vec<Dimension<'a>>,
    /// The variables in the order of the file.
    pub variables: Vec<Variable<'a>>,
}

/// A dimension with what its positions are called.
#[derive(Debug, PartialEq)]
pub struct Dimension<'a> {
    /// Its name, which nothing else in the group has.
    pub name: String,
    /// The unit of its coordinates.
    pub unit: Option<&'a str>,
    /// One for each position.
    pub coordinates: Coordinates,
}

/// What the positions of a dimension are called.
#[derive(Debug, PartialEq)]
pub enum Coordinates {
    /// Elements, counted from one.
    Numbers(Vec<i64>),
    /// Instants, or places on a grid.
    Places(Vec<f64>),
    /// Elements over several axes, `2,1`.
    Elements(Vec<String>),
}

/// What a group has of a node.
#[derive(Debug, PartialEq)]
pub struct Variable<'a> {
    /// Its name, which nothing else in the group has.
    pub name: String,
    /// The node.
    pub node: &'a Node,
    /// Its dimensions, by their numbers in the group.
    pub dimensions: Vec<usize>,
    /// The token of each of its numbers, row-major.
    pub tokens: Vec<usize>,
}

/// Where the element at a position of an axis is, counted from zero: as the file says, or as a query places it.
pub fn coordinate(model: &Model, placed: &[Placed], id: AxisId, position: usize) -> Option<f64> {
    let axis = model.axis(id);
    match axis.kind {
        AxisKind::Scattered { .. } => {
            let placed = placed.iter().find(|placed| placed.axis == id);
            placed.and_then(|placed| placed.at.get(position).copied())
        }
        _ => axis.coordinate(position),
    }
}

/// Which elements of a node are in a group.
enum Extent {
    /// All that can be made of some positions, rising, along each axis.
    Grid(Vec<(AxisId, Vec<usize>)>),
    /// Others, each with its positions along the axes from one: `2,1`.
    Loose(Vec<String>),
}

/// A group while it is put together.
struct Making<'a> {
    model: &'a Model,
    placed: &'a [Placed],
    /// For each axis the different positions that are wanted along it.
    wanted: BTreeMap<AxisId, BTreeSet<Vec<usize>>>,
    taken: BTreeSet<String>,
    /// The dimensions that bear the names of axes.
    shared: BTreeMap<AxisId, usize>,
    dimensions: Vec<Dimension<'a>>,
}

impl<'a> Group<'a> {
    /// The group of the tokens that are wanted, by their numbers.
    ///
    /// A dimension is called by its axis; where a variable has only some elements of an axis that another has otherwise, by
    /// both: `x_i`. A variable whose elements fill no grid lies along one dimension, `x_element`.
    pub fn of(
        model: &'a Model,
        tokens: &[Token],
        placed: &'a [Placed],
        wanted: impl Fn(usize) -> bool,
    ) -> Group<'a> {
        let mut nodes: BTreeMap<NodeId, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, token) in tokens.iter().enumerate().filter(|(number, _)| wanted(*number)) {
            nodes.entry(token.node).or_default().push((token.element, number));
        }
        let mut making = Making {
            model,
            placed,
            wanted: BTreeMap::new(),
            taken: BTreeSet::from([CHAIN, DRAW].map(str::to_owned)),
            shared: BTreeMap::new(),
            dimensions: Vec::new(),
        };
        let mut parts = Vec::new();
        for (id, mut elements) in nodes {
            elements.sort_unstable();
            let node = model.node(id);
            let (elements, tokens): (Vec<usize>, Vec<usize>) = elements.into_iter().unzip();
            let extent = making.extent(node, &elements);
            // Variables are named before dimensions, so that they rather keep their names.
            parts.push((fresh(&node.name, &mut making.taken), node, extent, tokens));
        }
        let variable = |(name, node, extent, tokens)| {
            let dimensions = making.lay(node, extent);
            Variable { name, node, dimensions, tokens }
        };
        let variables = parts.into_iter().map(variable).collect();
        Group { dimensions: making.dimensions, variables }
    }
}

impl<'a> Making<'a> {
    /// Finds out which elements of a node these are, and notes what it wants of its axes.
    fn extent(&mut self, node: &Node, elements: &[usize]) -> Extent {
        let places = elements.iter().map(|element| self.model.places(node, *element));
        let places: Vec<Vec<usize>> = places.collect();
        let along = |k: usize| {
            let positions: BTreeSet<usize> =
                places.iter().filter_map(|place| place.get(k).copied()).collect();
            positions.into_iter().collect::<Vec<usize>>()
        };
        let grid: Vec<(AxisId, Vec<usize>)> =
            node.axes.iter().enumerate().map(|(k, axis)| (*axis, along(k))).collect();
        if grid.iter().map(|(_, positions)| positions.len()).product::<usize>() == elements.len() {
            for (axis, positions) in &grid {
                self.wanted.entry(*axis).or_default().insert(positions.clone());
            }
            return Extent::Grid(grid);
        }
        let name = |place: &Vec<usize>| {
            let numbers: Vec<String> = place.iter().map(|position| (position + 1).to_string()).collect();
            numbers.join(",")
        };
        Extent::Loose(places.iter().map(name).collect())
    }

    /// The dimensions of a node, made where they are not there yet.
    fn lay(&mut self, node: &Node, extent: Extent) -> Vec<usize> {
        match extent {
            Extent::Grid(axes) => {
                axes.into_iter().map(|(axis, positions)| self.along(node, axis, &positions)).collect()
            }
            Extent::Loose(elements) => {
                let name = format!("{}_element", node.name);
                vec![self.add(&name, None, Coordinates::Elements(elements))]
            }
        }
    }

    fn along(&mut self, node: &Node, id: AxisId, positions: &[usize]) -> usize {
        let axis = self.model.axis(id);
        let alone = self.wanted.get(&id).is_some_and(|wanted| wanted.len() == 1);
        let shares = alone || positions.len() == axis.size();
        if let Some(made) = self.shared.get(&id).filter(|_| shares) {
            return *made;
        }
        let name = if shares { axis.name.clone() } else { format!("{}_{}", node.name, axis.name) };
        let number = self.add(&name, axis.unit.as_deref(), self.coordinates(id, positions));
        if shares {
            self.shared.insert(id, number);
        }
        number
    }

    fn add(&mut self, name: &str, unit: Option<&'a str>, coordinates: Coordinates) -> usize {
        let name = fresh(name, &mut self.taken);
        self.dimensions.push(Dimension { name, unit, coordinates });
        self.dimensions.len() - 1
    }

    fn coordinates(&self, id: AxisId, positions: &[usize]) -> Coordinates {
        let place = |position: &usize| match self.model.axis(id).kind {
            AxisKind::Index { .. } | AxisKind::Ordered { .. } | AxisKind::Set(_) => None,
            AxisKind::Instants(_) | AxisKind::Cells(_) | AxisKind::Scattered { .. } => {
                coordinate(self.model, self.placed, id, *position)
            }
        };
        let places: Option<Vec<f64>> = positions.iter().map(place).collect();
        let numbers = || positions.iter().map(|position| *position as i64 + 1).collect();
        places.map_or_else(|| Coordinates::Numbers(numbers()), Coordinates::Places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::world::Disk;
    use sbi_model::Graph;
    use std::path::PathBuf;

    const MODEL: &str = "edition 2026
model m {
    axis i : index(3)
    axis j : ordered(2)
    axis t : time(grid(from = 0 s, to = 1 s, step = 0.25 s))
    axis u : time(scattered(n = 3, over = 0 s .. 60 s))
    axis draw : set(size = 2)
    param chain ~ normal(0, 1)
    param a[i] ~ normal(0, 1)
    param b[i] ~ normal(0, 1)
    param c[i, j] ~ normal(0, 1)
    param b_i[draw] ~ normal(0, 1)
    data x[t] ~ normal(chain, 1)
    data y[u] ~ normal(chain, 1)
}
";

    /// What a query infers: a line for each variable, its dimensions with their coordinates, then its elements.
    fn lies(asks: &str) -> Vec<String> {
        let text = format!("{MODEL}query q {{\n    {asks}\n}}\n");
        let checked = sbi_model::compile(&text, &Disk::new(PathBuf::new()));
        let file = checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
        let (model, query) = (&file.models[0], &file.queries[0]);
        let graph = Graph::of(model);
        let group = Group::of(model, &graph.tokens, &query.placed, |token| query.infer.contains(&token));
        let dimension = |number: &usize| {
            let Dimension { name, coordinates, .. } = &group.dimensions[*number];
            match coordinates {
                Coordinates::Numbers(numbers) => format!("{name} {numbers:?}"),
                Coordinates::Places(places) => format!("{name} {places:?}"),
                Coordinates::Elements(elements) => format!("{name} {elements:?}"),
            }
        };
        let line = |variable: &Variable| {
            let dimensions: Vec<String> = variable.dimensions.iter().map(dimension).collect();
            let tokens: Vec<&str> = variable.tokens.iter().map(|token| &*graph.tokens[*token].name).collect();
            format!("{}({}) = {}", variable.name, dimensions.join(", "), tokens.join(" "))
        };
        group.variables.iter().map(line).collect()
    }

    #[test]
    fn a_node_lies_along_its_axes_whatever_the_order_asked() {
        assert_eq!(
            lies("infer x, c, a[3], a[1], a[2]"),
            [
                "a(i [1, 2, 3]) = a[1] a[2] a[3]",
                "c(i [1, 2, 3], j [1, 2]) = c[1,1] c[1,2] c[2,1] c[2,2] c[3,1] c[3,2]",
                "x(t [0.0, 0.25, 0.5, 0.75, 1.0]) = x[1] x[2] x[3] x[4] x[5]",
            ]
        );
    }

    #[test]
    fn an_axis_of_which_all_want_the_same_keeps_its_name() {
        assert_eq!(
            lies("infer a[2 .. 3], b[2], b[3], x[4]"),
            ["a(i [2, 3]) = a[2] a[3]", "b(i [2, 3]) = b[2] b[3]", "x(t [0.75]) = x[4]"]
        );
    }

    #[test]
    fn where_variables_want_different_elements_only_the_whole_axis_has_its_name() {
        assert_eq!(
            lies("infer a, b[1], c[2, 1], c[3, 1]"),
            ["a(i [1, 2, 3]) = a[1] a[2] a[3]", "b(b_i [1]) = b[1]", "c(c_i [2, 3], j [1]) = c[2,1] c[3,1]",]
        );
        let none_is_whole = lies("infer a[1 .. 2], b[1]");
        assert_eq!(none_is_whole, ["a(a_i [1, 2]) = a[1] a[2]", "b(b_i [1]) = b[1]"]);
    }

    #[test]
    fn elements_that_fill_no_grid_lie_in_a_row_with_their_indices() {
        assert_eq!(
            lies("infer c[3, 1], c[1, 2], b[1 .. 2]"),
            ["b(i [1, 2]) = b[1] b[2]", r#"c(c_element ["1,2", "3,1"]) = c[1,2] c[3,1]"#]
        );
    }

    #[test]
    fn no_two_things_are_called_alike() {
        assert_eq!(
            lies("infer chain, a, b[1], b_i"),
            [
                "chain_2() = chain",
                "a(i [1, 2, 3]) = a[1] a[2] a[3]",
                "b(b_i_2 [1]) = b[1]",
                "b_i(draw_2 [1, 2]) = b_i[1] b_i[2]",
            ]
        );
    }

    #[test]
    fn instants_are_where_the_query_places_them() {
        let placed = lies("at u = [3, 5.5, 9]\n    infer y[2 .. 3]");
        assert_eq!(placed, ["y(u [5.5, 9.0]) = y[2] y[3]"]);
    }
}
