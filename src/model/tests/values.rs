//! What a sound file means: the checked form of its expressions, draws and queries.

use super::{Files, model, show, sound};
use crate::{
    Argument, Binary, Definition, Expr, ExprId, Graph, Index, MaskKind, Model, Noise, Role, State, Unary,
    compile,
};

/// An expression as text, with elements counted from one.
fn text(model: &Model, id: ExprId) -> String {
    let go = |id: &ExprId| text(model, *id);
    match model.expr(id) {
        Expr::Number(value) => value.to_string(),
        Expr::Coordinate(axis) => model.axis(*axis).name.clone(),
        Expr::Element { node, index } => {
            let index: Vec<String> = index
                .iter()
                .map(|index| match index {
                    Index::Same(axis) => model.axis(*axis).name.clone(),
                    Index::At(place) => (place + 1).to_string(),
                })
                .collect();
            let name = &model.node(*node).name;
            if index.is_empty() { name.clone() } else { format!("{name}[{}]", index.join(",")) }
        }
        Expr::Clock => "t".to_owned(),
        Expr::Curve { node, .. } => format!("curve {}", model.node(*node).name),
        Expr::End { dynamics, .. } => format!("{}.end", model.dynamics[*dynamics].name),
        Expr::At(curve, time) => format!("{}({})", go(curve), go(time)),
        Expr::Crossings(curve, level) => format!("crossings({}, {})", go(curve), go(level)),
        Expr::Gained { curve, time, .. } => format!("gained({}, {})", go(curve), go(time)),
        Expr::Unary(function, x) => format!("{function:?}({})", go(x)),
        Expr::Binary(function, x, y) => format!("{function:?}({}, {})", go(x), go(y)),
        Expr::Select { condition, yes, no } => format!("If({}, {}, {})", go(condition), go(yes), go(no)),
        Expr::Reduce { reducer, axis, body } => {
            format!("{reducer:?} {}({})", model.axis(*axis).name, go(body))
        }
    }
}

/// The arguments of a node's draw, or what it equals.
fn definition(model: &Model, name: &str) -> Vec<String> {
    let node = model.node(model.find(name).unwrap());
    node.exprs().map(|id| text(model, id)).collect()
}

#[test]
fn arguments_come_in_the_order_of_the_distribution() {
    let model = model(
        "param a ~ normal(sd = 2, mean = 1)
         param b ~ normal(1, var = 4)
         param c ~ normal(1, precision = 4)
         param d ~ uniform(high = a, low = 0)",
    );
    assert_eq!(definition(&model, "a"), ["1", "2"]);
    assert_eq!(definition(&model, "b"), ["1", "Sqrt(4)"]);
    assert_eq!(definition(&model, "c"), ["1", "Div(1, Sqrt(4))"]);
    assert_eq!(definition(&model, "d"), ["0", "a"]);
}

#[test]
fn expressions_mean_what_they_say() {
    let model = model(
        "axis i : index(2)
         axis j : index(3)
         const se[i] = [15, 10]
         const grid[i, j] = [[1, 2, 3], [4, 5, 6]]
         param theta[i] ~ normal(0, se[i])
         let power = -theta[1]^2
         let inside = theta[1] in 0 .. 1
         let left = mod(theta[1], 3)
         let both = if inside and not (theta[2] > 1) then 1 else 0
         let table = sum over j (grid[2, j] * j)
         let whole = count over i (theta[i] > 0)
         data x[i] ~ normal(theta[i] + i, 10%)",
    );
    assert_eq!(definition(&model, "power"), ["Neg(Pow(theta[1], 2))"]);
    assert_eq!(definition(&model, "inside"), ["And(Ge(theta[1], 0), Le(theta[1], 1))"]);
    assert_eq!(definition(&model, "left"), ["Sub(theta[1], Mul(3, Floor(Div(theta[1], 3))))"]);
    assert_eq!(definition(&model, "both"), ["If(And(inside, Not(Gt(theta[2], 1))), 1, 0)"]);
    assert_eq!(definition(&model, "table"), ["Sum j(Mul(grid[2,j], j))"]);
    assert_eq!(definition(&model, "whole"), ["Count i(Gt(theta[i], 0))"]);
    assert_eq!(definition(&model, "x"), ["Add(theta[i], i)", "0.1"]);
    let grid = model.node(model.find("grid").unwrap());
    assert_eq!(grid.definition, Definition::Table(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    assert_eq!(grid.role, Role::Let);
}

#[test]
fn operands_come_before_their_users_and_nothing_is_idle() {
    let model = model(
        "fn idle(x) = exp(x)\nfn f(x, y = 2) = x^y\nparam a ~ normal(0, 1)\ndata b ~ normal(f(a) + f(y = 3, x = a), 1)",
    );
    for (id, expr) in model.exprs.iter().enumerate() {
        assert!(expr.operands().all(|operand| operand.0 < id));
        assert!(!matches!(expr, Expr::Unary(Unary::Exp, _)));
    }
    assert_eq!(definition(&model, "b"), ["Add(Pow(a, 2), Pow(a, 3))", "1"]);
}

#[test]
fn nested_functions_share_their_expressions() {
    let mut body = String::from("fn f0(x) = x + 1\n");
    for level in 1..60 {
        body += &format!("fn f{level}(x) = f{0}(x) * f{0}(x)\n", level - 1);
    }
    let model = model(&(body + "param a ~ normal(0, 1)\ndata b ~ normal(f59(a), 1)"));
    // 2^59 calls by the text, one product for each level here.
    let products = model.exprs.iter().filter(|expr| matches!(expr, Expr::Binary(Binary::Mul, ..)));
    assert_eq!(products.count(), 59);
}

#[test]
fn vectors_are_lists_or_whole_arrays() {
    let model = model(
        "axis k : index(2)
         axis l : index(2)
         axis n : index(3)
         const cov[k, l] = [[2, 1], [1, 2]]
         param mu[k] ~ normal(0, 1)
         data x[n, k] ~ multivariate_normal(mu, cov)
         data y[k] ~ multivariate_normal(mean = [mu[2], 0], cov = [[1, 0], [0, exp(mu[1])]])",
    );
    let expected = ["mu[1]", "mu[2]", "cov[1,1]", "cov[1,2]", "cov[2,1]", "cov[2,2]"];
    assert_eq!(definition(&model, "x"), expected);
    assert_eq!(definition(&model, "y"), ["mu[2]", "0", "1", "0", "0", "Exp(mu[1])"]);
    let Definition::Draw(draw) = &model.node(model.find("x").unwrap()).definition else { panic!("a draw") };
    assert!(
        matches!(&draw.arguments[..], [Argument::Vector(mean), Argument::Matrix(rows)] if mean.len() == 2 && rows.len() == 2)
    );
}

#[test]
fn nodes_are_ordered_by_what_they_read() {
    let model = model(
        "data x ~ normal(m, 1)\nlet m = b_10 + b_2\nparam b_10 ~ normal(0, 1)\nparam b_2 ~ normal(0, 1)",
    );
    let names: Vec<&str> = model.order.iter().map(|id| model.node(*id).name.as_str()).collect();
    assert_eq!(names, ["b_2", "b_10", "m", "x"]);
}

#[test]
fn a_query_can_be_pasted() {
    let text =
        "edition 2026\nmodel m {\nparam a ~ normal(0, 1)\ndata b ~ normal(a, 1)\ndata c ~ normal(a, 1)\n}\n";
    let text = format!("{text}{}", sound(text).models[0].sample_query());
    let mut files = Files::default();
    files.0.insert("data.csv", b"b,c\n1,2\n".to_vec());
    assert_eq!(show(&text, &compile(&text, &files)), "");
}

/// A list says how many elements its data set has: of others nothing is answered, unless elements are given one by one.
#[test]
fn what_a_data_set_does_not_have_is_not_asked() {
    let infer = |lines: &str| {
        let file = sound(&format!(
            "edition 2026
model m {{
    axis i : set(size = 2 .. 4)
    axis k : index(2)
    param mean ~ normal(0, 1)
    param theta[i, k] ~ normal(mean, 1)
    data x[i] ~ normal(theta[i, 1] + theta[2, 2], 1)
    data y[i] ~ normal(theta[i, 1], 1)
}}
query q {{
    {lines}
}}
"
        ));
        let tokens = Graph::of(&file.models[0]).tokens;
        let query = &file.queries[0];
        let inferred = |token: &usize| query.states[*token] == State::Inferred;
        assert_eq!(query.infer, (0..tokens.len()).filter(inferred).collect::<Vec<_>>());
        query.infer.iter().map(|token| tokens[*token].name.clone()).collect::<Vec<_>>()
    };
    let two = ["theta[1,1]", "theta[1,2]", "theta[2,1]", "theta[2,2]"];
    assert_eq!(infer("given x = [1, 2]\n    infer theta"), two);
    assert_eq!(infer("infer params\n    given x = [1, 2]")[1..], two);
    assert_eq!(infer("given x = [1, 2]\n    infer y"), ["y[1]", "y[2]"]);
    assert_eq!(infer("given x = [1, 2, 3, 4]\n    infer theta").len(), 8);
    assert_eq!(infer("given x[1] = 1\n    infer theta, y[4]").len(), 9);
    assert_eq!(infer("given x = [1, 2, 3]\n    infer y[2 .. 4]"), ["y[2]", "y[3]"]);
}

#[test]
fn what_the_file_does_not_say_has_defaults() {
    let file = sound(
        "edition 2026\nmodel m {\nparam a ~ normal(0, 1)\ndata b ~ normal(a, 1)\n}\nquery q {\ngiven b = -1\ninfer params\n}\n",
    );
    let approximator = &file.approximators[0];
    assert_eq!(
        (approximator.name.as_str(), approximator.train.simulations, approximator.train.seed),
        ("default", 10_000, 1)
    );
    let crate::Estimator::Joint(network) = &approximator.estimator else { panic!("a joint estimator") };
    assert_eq!((network.width, network.mask, network.noise), (None, MaskKind::Undirected, Noise::Edm));
    assert_eq!(file.queries[0].draws, 10_000);
    assert_eq!(file.queries[0].states, [State::Inferred, State::Given(-1.0)]);
}

#[test]
fn a_model_s_only_approximator_goes_by_the_model_s_name() {
    let file = sound(
        "edition 2026
model one {
    param a ~ normal(0, 1)
}
model two {
    param a ~ normal(0, 1)
}
approximator net for one {
    joint with diffusion_transformer(noise = ve, mask = dense)
}
train two {
    simulations 50
    seed 18446744073709551615
    learning_rate 0.001
}
query first of net {
    infer a
}
query second of two {
    infer a
}
",
    );
    assert_eq!(file.queries.iter().map(|query| query.approximator).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(file.approximators[1].train.seed, u64::MAX);
    assert_eq!(file.approximators[1].train.simulations, 50);
}

#[test]
fn data_are_bound_by_the_names_of_columns() {
    let mut files = Files::default();
    files.0.insert("row.csv", b"\xef\xbb\xbfx[2], id ,x[1]\r\n20, 7 ,10\r\n\r\n".to_vec());
    files.0.insert("column.csv", b"x,id\n1,5\n2.5e-1,6\n".to_vec());
    files.0.insert("grid.csv", b"y[1,1],y[1,2],\"y[2,1]\",y[2,2]\n1,2,3,4\n".to_vec());
    let text = "edition 2026
model m {
    axis i : index(2)
    axis j : index(2)
    data x[i] ~ normal(0, 1)
    data y[i, j] ~ normal(0, 1)
    data z ~ normal(0, 1)
}
query row {
    given x from \"row.csv\"
    infer y
}
query column {
    given x from \"column.csv\"
    infer y
}
query other {
    given x from \"column.csv\" (column = \"id\")
    given z from \"row.csv\" (column = \"id\")
    infer y
}
query some {
    given y[2, j] from \"grid.csv\"
    given x[2] from \"row.csv\"
    given y[1, 1 .. 2] = [-1, -2]
    infer z
}
";
    let checked = compile(text, &files);
    assert_eq!(show(text, &checked), "");
    let file = checked.file.unwrap();
    let graph = Graph::of(&file.models[0]);
    let given = |query: usize| -> Vec<String> {
        let states = file.queries[query].states.iter().zip(graph.tokens.iter());
        let one = |(state, token): (&State, &crate::Token)| match state {
            State::Given(value) => Some(format!("{}={value}", token.name)),
            _ => None,
        };
        states.filter_map(one).collect()
    };
    assert_eq!(given(0), ["x[1]=10", "x[2]=20"]);
    assert_eq!(given(1), ["x[1]=1", "x[2]=0.25"]);
    assert_eq!(given(2), ["x[1]=5", "x[2]=6", "z=7"]);
    assert_eq!(given(3), ["x[2]=20", "y[1,1]=-1", "y[1,2]=-2", "y[2,1]=3", "y[2,2]=4"]);
    assert_eq!(file.queries[2].files, ["column.csv", "row.csv"]);
}
