//! Files that are right: the specs of the language's design, and small ones for each construct.

use super::{SPECS, model, sound};
use crate::grammar::{Grammar, Pair, Rule};
use crate::tree::{
    ApproximatorStatement, Definition, DynamicsStatement, Inferred, Item, QueryStatement, Role, Source,
    Statement, UnitBase,
};
use pest::Parser as _;

#[test]
fn the_specs_of_the_design_have_nothing_wrong() {
    for (name, text) in SPECS {
        assert_eq!(crate::parse(0, text).diagnostics, [], "{name}");
    }
}

/// A recovery rule can hide a mistake of the grammar: it would take a right line and the file still parse.
#[test]
fn no_good_file_needs_recovery() {
    fn search(pair: Pair<'_>, name: &str) {
        let rule = format!("{:?}", pair.as_rule());
        assert!(
            !rule.starts_with("bad") && !rule.starts_with("stray"),
            "{name}: {rule} took {:?}",
            pair.as_str()
        );
        pair.into_inner().for_each(|inner| search(inner, name));
    }
    for (name, text) in SPECS {
        let pairs = Grammar::parse(Rule::file, text).expect("the rule `file` matches any text");
        pairs.for_each(|pair| search(pair, name));
    }
}

#[test]
fn two_moons_is_read_whole() {
    let file = sound(SPECS[0].1);
    assert_eq!(file.edition.map(|edition| edition.year), Some(2026));
    let [
        Item::Model(model),
        Item::Approximator(simformer),
        Item::Train(train),
        Item::Query(first),
        Item::Query(second),
    ] = file.items.as_slice()
    else {
        panic!("other items: {:?}", file.items)
    };
    assert_eq!(model.name.text, "two_moons");
    assert_eq!(
        model.doc.as_ref().map(|doc| doc.text.as_str()),
        Some("A bimodal, crescent-shaped posterior in two dimensions.")
    );
    let nodes: Vec<_> = model
        .body
        .iter()
        .map(|statement| match statement {
            Statement::Node(node) => {
                (node.role, node.target.name.text.as_str(), matches!(node.definition, Definition::Draw(_)))
            }
            other => panic!("expected a node, found {other:?}"),
        })
        .collect();
    assert_eq!(
        nodes,
        [
            (Role::Param, "theta_1", true),
            (Role::Param, "theta_2", true),
            (Role::Latent, "angle", true),
            (Role::Latent, "radius", true),
            (Role::Data, "x_1", false),
            (Role::Data, "x_2", false),
        ]
    );
    assert_eq!(simformer.model.as_ref().map(crate::tree::Path::text).as_deref(), Some("two_moons"));
    assert!(
        matches!(&simformer.body[..], [ApproximatorStatement::Joint { call, .. }] if call.path.text() == "diffusion_transformer")
    );
    let settings: Vec<_> = train.settings.iter().map(|setting| setting.name.text.as_str()).collect();
    assert_eq!(settings, ["simulations", "seed"]);
    assert_eq!(first.body.len(), 3);
    assert!(first.doc.is_none() && second.doc.is_some());
    let [QueryStatement::Given(_), QueryStatement::Given(_), QueryStatement::Infer { what, .. }] =
        &second.body[..]
    else {
        panic!("other statements: {:?}", second.body)
    };
    let asked: Vec<_> = what
        .iter()
        .map(|asked| match asked {
            Inferred::Place(place) => place.name.text.as_str(),
            Inferred::Params(_) => "params",
        })
        .collect();
    assert_eq!(asked, ["theta_2", "x_1"]);
}

#[test]
fn constants_functions_and_dependences() {
    let body = model(
        "const se[school] : mm = [15, 10]\n\
         const design[t, k] from \"design.csv\" (column = \"a\")\n\
         fn half(x : ms, y = 2) : ms = x / y\n\
         depends a from b, c[i], d[2 .. 3]\n\
         param contact(t : day) : 1/day ~ gp() |> between(0, 1) |> exp at knot\n\
         missing all eeg with probability uniform(0%, 40%)\n\
         missing all with probability 1%\n\
         missing rt[trial] in blocks(of = 5) with probability 10%\n\
         on_failure \"absent\"",
    );
    let [
        Statement::Const(se),
        Statement::Const(design),
        Statement::Function(half),
        Statement::Depends(depends),
        Statement::Node(contact),
        Statement::Missing(eeg),
        Statement::Missing(all),
        Statement::Missing(rt),
        Statement::Setting(failure),
    ] = &body[..]
    else {
        panic!("other statements: {body:?}")
    };
    assert_eq!(se.unit.as_ref().map(|unit| unit.text.as_str()), Some("mm"));
    assert!(
        matches!(&design.value, Source::From(table) if table.path.value == "design.csv" && table.arguments.len() == 1)
    );
    assert_eq!(half.inputs.len(), 2);
    assert!(half.inputs[0].unit.is_some() && half.inputs[1].default.is_some());
    assert_eq!(depends.sources.iter().map(|place| place.index.len()).collect::<Vec<_>>(), [0, 1, 1]);
    assert!(contact.target.formal.is_some());
    assert!(
        matches!(&contact.definition, Definition::Draw(draw) if draw.pipes.len() == 2 && draw.at.is_some())
    );
    assert_eq!((eeg.all, all.all, rt.all), (true, false, false));
    assert_eq!(all.target.name.text, "all");
    assert!(rt.pattern.is_some());
    assert_eq!(failure.name.text, "on_failure");
}

#[test]
fn dynamics_events_and_jumps() {
    let body = model(
        "dynamics cell over 0 ms .. 200 ms by euler_maruyama(step = 0.04 ms) {\n\
           noise w[d], u\n\
           init v[d] : mV = rest\n\
           let n : 1/ms = f(v)\n\
           v[d]' = n * w[d]\n\
           next k ~ normal(k, 1)\n\
           stop when v >= bound or v <= 0\n\
           when v > 1 {\n  v = 0\n  k = k + 1\n}\n\
           jump at rate beta * s * i / n { s = s - 1 }\n\
         }",
    );
    let [Statement::Dynamics(cell)] = &body[..] else { panic!("other statements: {body:?}") };
    assert!(cell.over.is_some() && cell.every.is_none() && cell.by.is_some());
    let [
        DynamicsStatement::Noise { targets, .. },
        DynamicsStatement::Init(_),
        DynamicsStatement::Let(_),
        DynamicsStatement::Derivative(v),
        DynamicsStatement::Next(_),
        DynamicsStatement::Stop { .. },
        DynamicsStatement::When(event),
        DynamicsStatement::Jump(jump),
    ] = &cell.body[..]
    else {
        panic!("other statements: {:?}", cell.body)
    };
    assert_eq!((targets.len(), v.target.axes.len()), (2, 1));
    assert_eq!((event.assignments.len(), jump.assignments.len()), (2, 1));
}

#[test]
fn units_keep_their_structure() {
    let body = model("let a : uA/cm^2/sqrt(ms*s)^(1/2) = 1 mV");
    let [Statement::Let(line)] = &body[..] else { panic!("one `let`") };
    let unit = line.unit.as_ref().expect("a unit");
    assert_eq!(unit.text, "uA/cm^2/sqrt(ms*s)^(1/2)");
    let factors: Vec<_> = unit.factors.iter().map(|factor| (factor.over, factor.power)).collect();
    assert_eq!(factors, [(false, (1, 1)), (true, (2, 1)), (true, (1, 2))]);
    let body = model("let a : 1/( ms * (mV) )^2 = 1 mV");
    let [Statement::Let(line)] = &body[..] else { panic!("one `let`") };
    let unit = line.unit.as_ref().expect("a unit");
    assert_eq!(unit.text, "1/(ms*(mV))^2");
    let [_, group] = &unit.factors[..] else { panic!("two factors") };
    let UnitBase::Group(inner) = &group.base else { panic!("brackets") };
    assert_eq!((group.over, group.power, inner.factors.len()), (true, (2, 1), 2));
}

#[test]
fn imports_units_and_public_items() {
    let file = sound(
        "edition 2026\nuse std::decision::ddm as walk\nuse \"./prior.sbi\"::{a, b}\nunit rate = 1/s\nunit min = 60 s\n\
         pub const g = 9.81\npub fn half(x) = x / 2\n",
    );
    assert_eq!(file.items.len(), 6);
    assert!(matches!(&file.items[1], Item::Use(import) if import.names.len() == 2));
    assert!(
        matches!(&file.items[3], Item::Unit(unit) if unit.factor.as_ref().map(|factor| factor.value) == Some(60.0))
    );
    assert!(matches!(&file.items[4], Item::Const(constant) if constant.public));
}

#[test]
fn every_way_to_end_lines_is_fine() {
    let text = SPECS[0].1;
    let plain = sound(text);
    let count = |text: &str| sound(text).items.len();
    assert_eq!(count(&text.replace('\n', "\r\n")), plain.items.len());
    assert_eq!(count(&text.replace('\n', "\r")), plain.items.len());
    assert_eq!(count(&format!("\u{FEFF}{text}")), plain.items.len());
    assert_eq!(count(&text.replace("    ", "\t")), plain.items.len());
    assert_eq!(count(text.trim_end()), plain.items.len());
    assert_eq!(count(&format!("\n\n// first\n{text}")), plain.items.len());
    sound("edition 2026 model m { param x ~ normal(0, 1) }".replacen(" model", "\nmodel", 1).as_str());
    sound("edition 2026\nmodel m\n{\n}\nquery q\n\n{\n}\n");
}

#[test]
fn comments_and_docs_are_kept() {
    let text = "// top\nedition 2026 // year\n/// First.\n///\n///   Indented.\nmodel m {\n//// plain\nlet x = \"// none\"\n}\n";
    let file = sound(text);
    let comments: Vec<_> =
        file.comments.iter().map(|c| (&text[c.span.start as usize..c.span.end as usize], c.alone)).collect();
    assert_eq!(comments, [("// top", true), ("// year", false), ("//// plain", true)]);
    let Some(Item::Model(model)) = file.items.first() else { panic!("a model") };
    assert_eq!(model.doc.as_ref().map(|doc| doc.text.as_str()), Some("First.\n\n  Indented."));
}
