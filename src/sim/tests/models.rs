//! Models made by hand, as the checker would hand them over.

use sbi_model::{
    Argument, Axis, AxisId, AxisKind, Binary, Definition, Draw, Expr, ExprId, Family, Gauge, Index, Model,
    Node, NodeId, OnFailure, Reducer, Role, Unary,
};
use sbi_sim::Simulator;
use sbi_syntax::Span;

/// A model under construction; every method adds one thing and names it.
pub struct Build(pub Model);

impl Build {
    pub fn new() -> Build {
        Build(Model {
            name: "test".into(),
            axes: vec![],
            nodes: vec![],
            exprs: vec![],
            order: vec![],
            depends: vec![],
            dynamics: vec![],
            externals: vec![],
            modalities: vec![],
            missing: vec![],
            on_failure: OnFailure::Stop,
            files: vec![],
            later: vec![],
            unlearned: vec![],
        })
    }

    pub fn axis(&mut self, name: &str, size: usize) -> AxisId {
        self.0.axes.push(Axis {
            name: name.into(),
            kind: AxisKind::Index { size },
            unit: None,
            gauge: Gauge::PURE,
            span: Span::default(),
        });
        AxisId(self.0.axes.len() - 1)
    }

    pub fn expr(&mut self, expr: Expr) -> ExprId {
        self.0.exprs.push(expr);
        ExprId(self.0.exprs.len() - 1)
    }

    pub fn number(&mut self, x: f64) -> ExprId {
        self.expr(Expr::Number(x))
    }

    pub fn read(&mut self, node: NodeId, index: &[Index]) -> ExprId {
        self.expr(Expr::Element { node, index: index.to_vec() })
    }

    pub fn scalar(&mut self, node: NodeId) -> ExprId {
        self.read(node, &[])
    }

    pub fn unary(&mut self, op: Unary, x: ExprId) -> ExprId {
        self.expr(Expr::Unary(op, x))
    }

    pub fn binary(&mut self, op: Binary, x: ExprId, y: ExprId) -> ExprId {
        self.expr(Expr::Binary(op, x, y))
    }

    pub fn reduce(&mut self, reducer: Reducer, axis: AxisId, body: ExprId) -> ExprId {
        self.expr(Expr::Reduce { reducer, axis, body })
    }

    pub fn node(&mut self, role: Role, name: &str, axes: &[AxisId], definition: Definition) -> NodeId {
        let id = NodeId(self.0.nodes.len());
        self.0.nodes.push(Node {
            curve: false,
            name: name.into(),
            role,
            axes: axes.to_vec(),
            definition,
            unit: None,
            reduced: None,
            doc: None,
            span: Span::default(),
        });
        self.0.order.push(id);
        id
    }

    pub fn equals(&mut self, role: Role, name: &str, axes: &[AxisId], expr: ExprId) -> NodeId {
        self.node(role, name, axes, Definition::Equals(expr))
    }

    /// A draw whose arguments are all single numbers.
    pub fn draw(
        &mut self,
        role: Role,
        name: &str,
        axes: &[AxisId],
        family: Family,
        arguments: &[ExprId],
    ) -> NodeId {
        let arguments = arguments.iter().map(|e| Argument::Scalar(*e)).collect();
        self.node(
            role,
            name,
            axes,
            Definition::Draw(Draw { family, arguments, transforms: Vec::new(), span: Span::default() }),
        )
    }

    /// A draw whose arguments are all known numbers.
    pub fn known(&mut self, role: Role, name: &str, family: Family, arguments: &[f64]) -> NodeId {
        let arguments: Vec<ExprId> = arguments.iter().map(|x| self.number(*x)).collect();
        self.draw(role, name, &[], family, &arguments)
    }

    /// A simulator of all elements of these nodes, one after the other.
    pub fn simulator(&self, nodes: &[NodeId]) -> Simulator {
        let elements = |id: &NodeId| {
            let (id, count) = (*id, self.0.elements(self.0.node(*id)));
            (0..count).map(move |element| (id, element))
        };
        Simulator::new(&self.0, &nodes.iter().flat_map(elements).collect::<Vec<_>>())
            .expect("a small model compiles")
    }
}

/// The two moons of the benchmark: parameters `theta_1`, `theta_2`, data `x_1`, `x_2`.
pub fn two_moons() -> (Build, [NodeId; 4]) {
    use Binary::{Add, Div, Mul, Sub};
    let mut b = Build::new();
    let half_pi = std::f64::consts::FRAC_PI_2;
    let theta_1 = b.known(Role::Param, "theta_1", Family::Uniform, &[-1.0, 1.0]);
    let theta_2 = b.known(Role::Param, "theta_2", Family::Uniform, &[-1.0, 1.0]);
    let angle = b.known(Role::Latent, "angle", Family::Uniform, &[-half_pi, half_pi]);
    let radius = b.known(Role::Latent, "radius", Family::Normal, &[0.1, 0.01]);
    let [t1, t2, a, r] = [theta_1, theta_2, angle, radius].map(|n| b.scalar(n));
    let two = b.number(2.0);
    let root = b.unary(Unary::Sqrt, two);
    let quarter = b.number(0.25);
    let cos = b.unary(Unary::Cos, a);
    let across = b.binary(Mul, r, cos);
    let across = b.binary(Add, across, quarter);
    let sum = b.binary(Add, t1, t2);
    let sum = b.unary(Unary::Abs, sum);
    let sum = b.binary(Div, sum, root);
    let x_1 = b.binary(Sub, across, sum);
    let sin = b.unary(Unary::Sin, a);
    let along = b.binary(Mul, r, sin);
    let difference = b.binary(Sub, t2, t1);
    let difference = b.binary(Div, difference, root);
    let x_2 = b.binary(Add, along, difference);
    let x_1 = b.equals(Role::Data, "x_1", &[], x_1);
    let x_2 = b.equals(Role::Data, "x_2", &[], x_2);
    (b, [theta_1, theta_2, x_1, x_2])
}

/// A model with an array, every kind of operation, two families and a reduction: `theta[i]`, `x[i]`, `m`.
pub fn mixed(size: usize) -> (Build, [NodeId; 3]) {
    let mut b = Build::new();
    let i = b.axis("i", size);
    let same = [Index::Same(i)];
    let (zero, one) = (b.number(0.0), b.number(1.0));
    let theta = b.draw(Role::Param, "theta", &[i], Family::Normal, &[zero, one]);
    let theta_i = b.read(theta, &same);
    let unary = [
        Unary::Neg,
        Unary::Not,
        Unary::Abs,
        Unary::Sign,
        Unary::Floor,
        Unary::Ceil,
        Unary::Round,
        Unary::Exp,
        Unary::Sin,
        Unary::Cos,
        Unary::Tan,
        Unary::Atan,
        Unary::Tanh,
        Unary::Logistic,
    ];
    let mut sum = theta_i;
    for op in unary {
        let part = b.unary(op, theta_i);
        sum = b.binary(Binary::Add, sum, part);
    }
    let size_of = b.unary(Unary::Abs, theta_i);
    for op in [Unary::Sqrt, Unary::Log] {
        let part = b.unary(op, size_of);
        sum = b.binary(Binary::Sub, sum, part);
    }
    let all = b.reduce(Reducer::Mean, i, theta_i);
    for op in [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Pow,
        Binary::Min,
        Binary::Max,
        Binary::Lt,
        Binary::Le,
        Binary::Gt,
        Binary::Ge,
        Binary::Eq,
        Binary::Ne,
        Binary::And,
        Binary::Or,
    ] {
        let part = b.binary(op, size_of, all);
        // A power of a negative mean is real, as its base is not negative.
        sum = b.binary(Binary::Add, part, sum);
    }
    let position = b.expr(Expr::Coordinate(i));
    let high = b.binary(Binary::Gt, theta_i, all);
    let chosen = b.expr(Expr::Select { condition: high, yes: sum, no: position });
    let x = b.draw(Role::Data, "x", &[i], Family::Normal, &[chosen, size_of]);
    let x_i = b.read(x, &same);
    let greatest = b.reduce(Reducer::Max, i, x_i);
    let m = b.equals(Role::Data, "m", &[], greatest);
    (b, [theta, x, m])
}
