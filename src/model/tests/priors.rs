//! Priors that a query changes: what the checked query has of them, and what of its keys they belong to.

use super::sound;
use crate::{Definition, Family, Key, State, Support};

const SPEC: &str = "edition 2026
const far = 3
model base {
    axis i : index(3)
    param mu ~ normal(0, 1)
    param size[i] : mm ~ lognormal(median = 2 mm, spread = 0.5)
    param share ~ uniform(0, 1)
    data x[i] : mm ~ normal(size[i] + 1 mm * mu * share, 1 mm)
}
model other extends base {
    param mu ~ normal(1, 2)
}
query q of other {
    param size[i] ~ normal(i * 1 mm, 0.2 cm) |> affine(scale = 1, shift = 0 mm)
    param share ~ uniform(0.5, far)
    given x = [1, 2, 3]
    infer mu
}
";

/// The laws of the query are those of its statements, in the model's units; what it changes is drawn and not reported.
#[test]
fn a_query_has_its_own_priors() {
    let spec = SPEC.replace(" |> affine(scale = 1, shift = 0 mm)", "");
    let file = sound(&spec);
    let (query, model) = (&file.queries[0], &file.models[1]);
    let [size, share] = query.priors.as_slice() else { panic!("{:?}", query.priors) };
    assert_eq!(
        (model.node(size.node).name.as_str(), model.node(share.node).name.as_str()),
        ("size", "share")
    );
    assert_eq!((size.draw.family, share.draw.family), (Family::Normal, Family::Uniform));
    let positive = Support { low: 0.0, ..Support::REAL };
    assert_eq!(size.supports, [positive; 3]);
    assert_eq!(share.supports, [Support { low: 0.5, high: 1.0, whole: false }]);
    let inferred = query.states.iter().filter(|state| **state == State::Inferred).count();
    assert_eq!((inferred, query.infer.len()), (5, 1), "three sizes, the share and mu; mu is reported");
    let altered = model.with_prior(share);
    let Definition::Draw(draw) = &altered.node(share.node).definition else { panic!("a draw") };
    assert_eq!(
        draw.support(&|expr| match altered.expr(expr) {
            crate::Expr::Number(number) => Some(*number),
            _ => None,
        })
        .low,
        0.5
    );
    assert_eq!(altered.nodes.len(), model.nodes.len());
    assert!(sound(SPEC).queries[0].priors[0].draw.transforms.len() == 1);
}

/// A changed prior belongs to the draws alone, however it is written.
#[test]
fn changed_priors_belong_to_the_draws() {
    let keys = |spec: &str| {
        let file = sound(spec);
        let (model, query) = (&file.models[1], &file.queries[0]);
        let weights = Key::weights(model, &file.approximators[query.approximator], "f32", "cpu");
        [weights, Key::draws(weights, model, query, 1)]
    };
    let own = keys(SPEC);
    for same in [
        SPEC.replace("uniform(0.5, far)", "uniform(0.5, high = far)"),
        SPEC.replace("0.2 cm", "2 mm"),
        SPEC.replace("param size[i] ~", "param size[i] : mm ~"),
    ] {
        assert_eq!(keys(&same), own, "{same}");
    }
    for other in [
        SPEC.replace("uniform(0.5, far)", "uniform(0.5, 2)"),
        SPEC.replace("0.2 cm", "3 mm"),
        SPEC.replace("    param share ~ uniform(0.5, far)\n", ""),
    ] {
        let found = keys(&other);
        assert_eq!(found[0], own[0], "{other}");
        assert_ne!(found[1], own[1], "{other}");
    }
}

/// What stands at scattered times is refused in words, and so is a changed prior of a posterior's query, where a run would need it.
#[test]
fn what_is_not_run_yet_is_told() {
    let flow = "edition 2026
model m {
    param mu ~ normal(0, 1)
    data x ~ normal(mu, 1)
}
approximator a for m {
    posterior with flow()
}
query q {
    param mu ~ normal(0, 0.1)
    given x = 1
    infer mu
}
";
    let query = &sound(flow).queries[0];
    assert!(query.later.iter().any(|told| told.message.contains("`param`")), "{:?}", query.later);
    let scattered = "edition 2026
model m {
    axis t : time(scattered(n = 2 .. 4, over = 0 .. 1))
    param mu[t] ~ normal(0, 1)
    param nu ~ normal(0, 1)
    data x[t] ~ normal(mu[t] + nu, 1)
}
query q {
    at t = [0.2, 0.4]
    param mu[t] ~ normal(0, 0.1)
    given x = [1, 2]
    infer nu
}
";
    let told = crate::compile(scattered, &()).diagnostics;
    assert_eq!(told.iter().map(|told| told.code).collect::<Vec<_>>(), ["not-yet"]);
    // A number beside what is scattered is like any other.
    let beside = scattered.replace("param mu[t] ~ normal(0, 0.1)", "param nu ~ normal(0, 0.1)");
    assert_eq!(sound(&beside).queries[0].priors.len(), 1);
}
