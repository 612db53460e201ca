//! What is trained, and how it reads data.

use super::Form;
use crate::{
    Approximator, Coupling, Density, Encoder, Encoding, Estimator, Flow, Focus, Fusion, GraphRule, MaskKind,
    Model, Noise, Stage,
};

impl Form {
    pub(super) fn estimator(&mut self, estimator: &Estimator) -> &mut Form {
        let network = match estimator {
            Estimator::Joint(network) => network,
            Estimator::Posterior(Density::Flow(flow)) => return self.flow(flow),
            Estimator::Posterior(Density::Diffusion(own)) => {
                return self.text("diffusion").size(own.width).size(own.layers);
            }
        };
        self.text("joint")
            .size(network.width)
            .size(network.layers)
            .size(network.heads)
            .size(network.widening);
        self.text(match network.mask {
            MaskKind::Undirected => "undirected",
            MaskKind::Directed => "directed",
            MaskKind::Faithful => "faithful",
            MaskKind::Dense => "dense",
        });
        self.text(match network.graph {
            GraphRule::Exact => "exact",
            GraphRule::Mechanistic => "mechanistic",
        });
        self.text(match network.noise {
            Noise::Edm => "edm",
            Noise::Ve => "ve",
            Noise::Vp => "vp",
        })
    }

    pub(super) fn focus(&mut self, focus: Option<&Focus>) -> &mut Form {
        let Some(Focus { given, inferred }) = focus else { return self.number(0) };
        self.number(1);
        for tokens in [given, inferred] {
            self.number(tokens.len() as u64);
            for token in tokens {
                self.number(*token as u64);
            }
        }
        self
    }

    fn flow(&mut self, flow: &Flow) -> &mut Form {
        self.text("posterior").size(flow.couplings).text(match flow.coupling {
            Coupling::Affine => "affine",
            Coupling::Spline => "spline",
        });
        self.size(flow.bins).size(flow.width).size(flow.layers)
    }

    /// How an approximator reads its data. Modalities are known by their data: their names, which may be those of axes,
    /// do not enter.
    pub(super) fn reading(&mut self, model: &Model, approximator: &Approximator) -> &mut Form {
        let names = |place: usize| {
            let nodes = approximator.groups.get(place).map_or(&[][..], |modality| &modality.nodes);
            let mut names: Vec<&str> = nodes.iter().map(|id| model.node(*id).name.as_str()).collect();
            names.sort_unstable();
            names
        };
        let data = |form: &mut Form, place: usize| {
            let names = names(place);
            form.number(names.len() as u64);
            for name in names {
                form.text(name);
            }
        };
        let mut encodings: Vec<&Encoding> = approximator.encodings.iter().collect();
        // Which is written first changes nothing.
        encodings.sort_by_key(|encoding| names(encoding.modality));
        self.number(encodings.len() as u64);
        for encoding in encodings {
            data(self, encoding.modality);
            self.number(encoding.stages.len() as u64);
            for Stage { axes, encoder } in &encoding.stages {
                self.number(axes.len() as u64).text(encoder.kind.name());
                let Encoder { kind: _, width, blocks, heads, patch, inducing, summary, tokens } = encoder;
                for size in [width, blocks, heads, patch, summary, tokens] {
                    self.size(*size);
                }
                if inducing.is_some() {
                    self.text("inducing").size(*inducing);
                }
            }
        }
        match &approximator.fusion {
            None => {
                self.number(0);
            }
            Some(fusion) => self.number(1).fusion(fusion, &data),
        }
        self
    }

    fn fusion(&mut self, fusion: &Fusion, data: &dyn Fn(&mut Form, usize)) {
        match fusion {
            Fusion::Group(place) => data(self.text("modality"), *place),
            Fusion::Join { scheme, parts, pairing } => {
                self.text(scheme.name()).number(u64::from(*pairing)).number(parts.len() as u64);
                parts.iter().for_each(|part| self.fusion(part, data));
            }
        }
    }
}
