//! What stands at the top of a file, its own statements among it.

use super::layout::{Ends, Side};
use super::{Brackets, Printer};
use crate::tree::{File, Item, UnitDefinition, Use, UseFrom};

impl Printer<'_> {
    pub(super) fn file(&mut self, file: &File) {
        let edition = file.edition.as_ref().expect("a file without errors has an edition");
        self.line(Ends::Always, "", Side::Opens);
        self.word(format!("edition {}", edition.year));
        let mut side = Side::Inside;
        for item in &file.items {
            self.line(Ends::Always, "", side);
            self.item(item);
            side = if item_is_block(item) { Side::BehindBlock } else { Side::Inside };
        }
        self.line(Ends::Always, "", Side::Inside);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Use(item) => self.use_item(item),
            Item::Model(item) => self.model(item),
            Item::Simulator(item) => self.simulator(item),
            Item::External(item) => self.external(item),
            Item::Approximator(item) => self.approximator(item),
            Item::Train(item) => self.train(item),
            Item::Query(item) => self.query(item),
            Item::Const(item) => self.constant(item),
            Item::Unit(item) => self.unit_definition(item),
            Item::Function(item) => self.function(item),
            Item::Bad(_) => unreachable!("a file without errors has no bad statement"),
        }
    }

    fn use_item(&mut self, item: &Use) {
        self.word("use ");
        match &item.from {
            UseFrom::Path(path) => self.word(path.text()),
            UseFrom::File(text) => self.quoted(&text.value),
        }
        if !item.names.is_empty() {
            self.word("::");
            self.bracketed(Brackets::NAMES, &item.names, |p, name| p.word(name.text.as_str()));
        }
        if let Some(alias) = &item.alias {
            self.word(format!(" as {}", alias.text));
        }
    }

    fn unit_definition(&mut self, item: &UnitDefinition) {
        self.public(item.public);
        self.word(format!("unit {} = ", item.name.text));
        if item.factor.is_some() {
            let factor = self.cursor.before(item.unit.span);
            self.word(format!("{factor} "));
        }
        self.word(item.unit.text.as_str());
    }

    /// `pub`, where it stands.
    pub(super) fn public(&mut self, public: bool) {
        if public {
            self.word("pub ");
        }
    }
}

/// Whether an item ends with a block, behind which a doc comment belongs to what follows.
fn item_is_block(item: &Item) -> bool {
    match item {
        Item::Model(_) | Item::Simulator(_) | Item::External(_) => true,
        Item::Approximator(_) | Item::Train(_) | Item::Query(_) => true,
        Item::Use(_) | Item::Const(_) | Item::Unit(_) | Item::Function(_) | Item::Bad(_) => false,
    }
}
