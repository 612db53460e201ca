//! What a model draws, where we stand: distributions with their arguments and what bends them.

use crate::dist::{Argument, Bend, Site, Variate};
use crate::lower::{Lower, NOT_RUN};
use crate::rng::path_hash;
use crate::ssa::Value;
use sbi_model::{Draw, ExprId, Node, Transform};
use sbi_syntax::Diagnostic;

impl Lower<'_> {
    /// The elements of a node, drawn with random numbers of this name.
    pub(crate) fn draw(&mut self, node: &Node, draw: &Draw, name: &str) -> Result<Vec<Value>, Diagnostic> {
        let path = path_hash(name);
        let alone = self.model.elements(node) == 1 && self.around.is_none();
        self.variates(node, draw, |this, variate, first| {
            variate.draw(&mut this.program, Site { path, element: first as u32, alone })
        })
    }

    /// What `make` gives for each of the numbers or vectors that are drawn for a node, with the number of its first
    /// element; all of it, one after the other.
    pub(crate) fn variates(
        &mut self,
        node: &Node,
        draw: &Draw,
        mut make: impl FnMut(&mut Self, &Variate, usize) -> Vec<Value>,
    ) -> Result<Vec<Value>, Diagnostic> {
        let last = node.axes.last().filter(|_| draw.family.is_vector()).copied();
        let width = last.map_or(1, |axis| self.size(axis));
        self.each(node, self.model.elements(node), width, |this, first| {
            // The arguments of a vector are one for all its elements, what bends it is not.
            if let Some(axis) = last {
                this.stand(axis, None);
            }
            let arguments = draw.arguments.iter().map(|argument| this.argument(argument)).collect();
            let bends = (0..width).map(|place| {
                if let Some(axis) = last {
                    this.stand(axis, Some(place));
                }
                this.bends(&draw.transforms)
            });
            let bends = bends.collect();
            make(this, &Variate { family: draw.family, arguments, bends }, first)
        })
    }

    fn argument(&mut self, argument: &sbi_model::Argument) -> Argument {
        let vector = |this: &mut Self, row: &[ExprId]| row.iter().map(|e| this.expression(*e)).collect();
        match argument {
            sbi_model::Argument::Scalar(expr) => Argument::Scalar(self.expression(*expr)),
            sbi_model::Argument::Vector(row) => Argument::Vector(vector(self, row)),
            sbi_model::Argument::Matrix(rows) => {
                Argument::Matrix(rows.iter().map(|row| vector(self, row)).collect())
            }
            sbi_model::Argument::Components(draws) => {
                let component = |draw: &Draw| Variate {
                    family: draw.family,
                    arguments: draw.arguments.iter().map(|a| self.argument(a)).collect(),
                    bends: vec![self.bends(&draw.transforms)],
                };
                Argument::Components(draws.iter().map(component).collect())
            }
            sbi_model::Argument::Kernel(..) => unreachable!("{NOT_RUN}"),
        }
    }

    pub(crate) fn bends(&mut self, transforms: &[Transform]) -> Vec<Bend> {
        let bend = |transform: &Transform| Bend {
            map: transform.map,
            arguments: transform.arguments.iter().map(|expr| self.expression(*expr)).collect(),
        };
        transforms.iter().map(bend).collect()
    }
}
