//! What is told of wrong files, from `messages.md` beside this file: each spec stands before what is told of it.
//!
//! `UPDATE=1 cargo test -p sbi-model messages` writes what is told now; read the difference before committing it.

use super::{Files, show};
use crate::compile;
use sbi_syntax::Severity;
use std::path::Path;

/// The data files that the specs name.
fn files() -> Files {
    let mut files = Files::default();
    let mut add = |name, bytes: &[u8]| drop(files.0.insert(name, bytes.to_vec()));
    add("two.csv", b"data_1,data_2\n1,2\n");
    add("three.csv", b"x\n1\n2\n3\n");
    add("twice.csv", b"x[1],x[2],x[3]\n1,2,3\n4,5,6\n");
    add("same.csv", b"x,x\n1,2\n");
    add("gap.csv", b"x[1],x[2],x[3]\n1,NaN,\n");
    add("text.csv", b"x\n1\nabc\n3\n");
    add("comma.csv", b"x\n\"1,5\"\n2\n3\n");
    add("short.csv", b"x\n1\n3\n");
    add("semicolon.csv", b"x;y\n1;3\n");
    add("numbers.csv", b"1,2,3\n");
    add("header.csv", b"x\n");
    add("empty.csv", b" \n");
    add("binary.csv", &[0, 1, 2, 255]);
    add("latin.csv", b"x\n\xe4\n");
    add("sheet.csv", b"PK\x03\x04rest");
    add("infinite.csv", b"x\n1\ninf\n3\n");
    add("trials.csv", b"subject,trial,rt,choice\na,1,0.5,left\na,2,0.7,right\nb,1,0.4,left\nb,2,0.3,up\n");
    add("sets.csv", b"subject,rt\na,0.5\na,0.7\nb,0.4\nb,\n");
    add("pairs.csv", b"subject,age\na,20\nc,30\n");
    add("ward.csv", b"day,ill\n0,0.1\n5,0.2\n99,0.3\n");
    add("ill.csv", b"day,ill\n0,0.1\n5,\n9,0.3\n");
    add("wide.csv", b"x[1],x[2]\n1,2\n3,4\n5,6\n");
    let image =
        b"\x93NUMPY\x01\x00\x3c\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }\n123456";
    add("image.npy", image);
    add("shares.csv", b"p[1],p[2]\n0.25,0.75\n");
    add("design.csv", b"day,d[1],d[2]\n0,1,2\n1,3,4\n2,5,6\n");
    add("hole.csv", b"h\n1\n\"\"\n3\n");
    add("weather.csv", b"day,temp\n0,1.5\n1,2.5\n3,4\n");
    add("unsorted.csv", b"t,temp\n0,1.5\n2,2.5\n2,4\n");
    add("instant.csv", b"t,temp\n0,1.5\n");
    let lab = b"edition 2026\nfn hidden(x) = x\npub simulator walk(start) -> { last } {\n    latent step ~ normal(0, 1)\n    return { last = start + step }\n}\n";
    add("lab.sbi", lab);
    add("broken.sbi", b"edition 2026\npub fn anything(x) = x +\n");
    add("ragged.csv", b"x,y\n1,2\n3\n4,5\n");
    files
}

/// The text between two fences of a page, from `start` on, and where the page goes on.
fn block<'p>(page: &'p str, start: usize, fence: &str) -> Option<(&'p str, usize)> {
    let open = start + page[start..].find(fence)? + fence.len();
    let close = open + page[open..].find("```")?;
    Some((&page[open..close], close + 3))
}

#[test]
fn messages() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let files = files();
    let (mut new, mut at, mut codes) = (String::new(), 0, std::collections::BTreeSet::new());
    while let Some((spec, end)) = block(&page, at, "```sbi\n") {
        let text = crate::explain::whole(spec);
        let checked = compile(&text, &files);
        codes.extend(checked.diagnostics.iter().map(|told| told.code));
        for told in &checked.diagnostics {
            assert!(told.help.is_some(), "{}: {} has no help", told.code, told.message);
        }
        new += &page[at..end];
        new += &format!("\n\n```text\n{}```", show(&text, &checked));
        at = block(&page, end, "```text\n")
            .filter(|(_, _)| page[end..].trim_start().starts_with("```text"))
            .map_or(end, |(_, after)| after);
    }
    new += &page[at..];
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, new).unwrap();
        return;
    }
    assert_eq!(new, page);
    // Statistical advice is given on request; `explain.rs` shows it.
    let told = crate::CODES.iter().filter(|code| code.severity != Severity::Advice);
    let silent: Vec<&str> = told.map(|code| code.name).filter(|code| !codes.contains(code)).collect();
    // These need a file system, or a size that no test should have.
    assert_eq!(silent, ["data-unreadable", "data-large"]);
}

#[test]
fn files_that_cannot_be_read_are_told_of() {
    use crate::{ReadError, World};
    struct Broken(ReadError);
    impl World for Broken {
        fn read(&self, _: &str) -> Result<Vec<u8>, ReadError> {
            Err(self.0.clone())
        }
    }
    let text =
        "edition 2026\nmodel m {\ndata x ~ normal(0, 1)\n}\nquery q {\ngiven x from \"x.csv\"\ninfer x\n}\n";
    let code = |error| compile(text, &Broken(error)).diagnostics[0].code;
    assert_eq!(code(ReadError::Missing), "data-missing");
    assert_eq!(code(ReadError::TooLarge(1 << 40)), "data-large");
    assert_eq!(code(ReadError::Other("permission denied".into())), "data-unreadable");
}
