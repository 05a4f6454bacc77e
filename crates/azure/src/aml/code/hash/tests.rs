//! Tests of the parent module.

use super::*;

fn source(files: &[(&str, &str)]) -> Result<Source, InvalidSource> {
    Source::new(files.iter().map(|(path, content)| SourceFile {
        path: (*path).to_owned(),
        content: Bytes::copy_from_slice(content.as_bytes()),
    }))
}

/// Computed with `get_content_hash` of azure-ai-ml 1.35.2 over folders of these files.
#[test]
fn the_sdks_hashes() {
    let ten: Vec<(String, String)> = (0..11)
        .map(|n: u8| {
            (
                format!("f{n}.py"),
                char::from(48 + n).to_string().repeat(n.into()),
            )
        })
        .collect();
    let ten: Vec<(&str, &str)> = ten
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let rows: &[(&[(&str, &str)], &str)] = &[
        (
            &[("main.py", "print(1)\n"), ("lib/a.py", "x=1\n")],
            "ddbd4210681531d1891ea9f0696580753d494e1dff3c26a61c97232e70cf5302",
        ),
        (
            &[("main.py", "print(1)\n")],
            "33da73e9d1b5f9238d4aca4ab7eac7b709ca9c864e2c94f9d3c89ebc99f17b68",
        ),
        (
            &[("a.txt", "")],
            "7a36ff031bffa648717669dba99fd8e656bcb3dcf04615515a33500aa6998bda",
        ),
        (
            &[
                ("B.py", "b"),
                ("a.py", "a"),
                ("C/d.py", "d"),
                ("c/E.py", "D"),
                ("_x.py", "u"),
                ("Z.py", "z"),
            ],
            "d59c311f5a039a9105b30010c6ccabca0f345669b005fba664fa8786d8963373",
        ),
        (
            &[
                ("a b.py", "1"),
                ("a.b.py", "2"),
                ("a/b.py", "3"),
                ("a-b.py", "4"),
                ("ab.py", "5"),
            ],
            "dd936c3982e9e894522bf84f33b7587364d2ae594d7a350196235aa8f9b13a83",
        ),
        (
            &[("ä.py", "1"), ("Ä2.py", "2"), ("z.py", "é")],
            "34be0f8e5a6a7db2183e7a87733e476384af5d5476f24e70ff014483aaecc92c",
        ),
        (
            &ten,
            "e8c84d4306c761fa377cb0d475408571a2adda8a7ab9c2bacb91f8e3e2599bab",
        ),
    ];
    for (files, expected) in rows {
        assert_eq!(
            source(files).unwrap().hash().as_str(),
            *expected,
            "{files:?}"
        );
    }
}

#[test]
fn the_order_of_the_files_does_not_matter_and_their_bounds_do() {
    let one = source(&[("a.txt", "x"), ("b.txt", "y")]).unwrap().hash();
    assert_eq!(
        one,
        source(&[("b.txt", "y"), ("a.txt", "x")]).unwrap().hash()
    );
    assert_ne!(
        one,
        source(&[("a.txt", "xy"), ("b.txt", "")]).unwrap().hash()
    );
    assert_ne!(
        one,
        source(&[("a.txt", "y"), ("b.txt", "x")]).unwrap().hash()
    );
}

#[test]
fn one_content_is_one_name() {
    let hash = source(&[("main.py", "print(1)\n"), ("lib/a.py", "x=1\n")])
        .unwrap()
        .hash();
    // Written down because a change would upload everybody's code again.
    assert_eq!(
        hash.asset_name().to_string(),
        "0664749d-9e46-57eb-804d-0cdbac451caa"
    );
}

#[test]
fn paths_stay_within_the_folder() {
    for path in [
        "", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a%2fb",
    ] {
        assert_eq!(
            source(&[(path, "x")]),
            Err(InvalidSource::Path(path.to_owned())),
            "{path:?}"
        );
    }
    assert_eq!(source(&[]), Err(InvalidSource::Empty));
    assert_eq!(
        source(&[("a", "x"), ("b", ""), ("a", "y")]),
        Err(InvalidSource::Twice("a".to_owned()))
    );
    assert!(source(&[(".amlignore", "*"), ("dir.name/a-b_c.py", "")]).is_ok());
}
