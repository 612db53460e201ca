//! Scratch.
use super::*;
#[test]
fn probe() {
    let text = std::fs::read_to_string("/tmp/probe.txt").unwrap();
    let mut files = Files::default();
    files.0.insert("two.csv", b"data_1,data_2\n1,2\n".to_vec());
    files.0.insert("x.csv", b"x\n1\n2\n3\n".to_vec());
    files.0.insert("nan.csv", b"x[1],x[2],x[3]\n1,NaN,\n".to_vec());
    files.0.insert("text.csv", b"x\n1\nabc\n3\n".to_vec());
    files.0.insert("short.csv", b"x\n1\n3\n".to_vec());
    files.0.insert("semi.csv", b"x;y\n1;3\n".to_vec());
    files.0.insert("numbers.csv", b"1,2,3\n".to_vec());
    files.0.insert("empty.csv", b"".to_vec());
    files.0.insert("bin.csv", vec![0, 1, 2, 255]);
    files.0.insert("inf.csv", b"x\n1\ninf\n3\n".to_vec());
    files.0.insert("ragged.csv", b"x,y\n1,2\n3\n4,5\n".to_vec());
    for case in text.split("=====\n") {
        let case = if case.contains("edition") {
            case.to_owned()
        } else {
            format!("edition 2026\nmodel m {{\n{case}}}\n")
        };
        println!("---\n{case}>>>\n{}", told(&case, &files));
    }
}
