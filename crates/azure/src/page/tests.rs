//! Tests of the parent module.

use bytes::Bytes;
use reqwest::header::HeaderMap;

use super::*;

fn read(body: &'static str) -> Result<Page<u32>, Refusal> {
    let body = Bytes::from_static(body.as_bytes());
    page(&Response {
        status: 200,
        headers: HeaderMap::new(),
        body,
    })
}

#[test]
fn a_strange_item_hides_no_other() {
    let page = read(r#"{"value":[1,"two",null,3],"nextLink":null}"#).unwrap();
    assert_eq!(
        (page.items, page.unreadable, page.next),
        (vec![1, 3], 2, None)
    );
}

#[test]
fn an_empty_page_may_have_a_next() {
    let page =
        read(r#"{"value":[],"nextLink":"https://management.azure.com/x?$skip=a%2Bb"}"#).unwrap();
    assert!(page.items.is_empty());
    assert_eq!(
        page.next.unwrap().as_str(),
        "https://management.azure.com/x?$skip=a%2Bb"
    );
}

#[test]
fn a_link_that_cannot_be_followed_is_an_error_and_no_end() {
    assert!(matches!(
        read(r#"{"value":[1],"nextLink":"string"}"#),
        Err(Refusal::Unreadable(_))
    ));
    assert!(matches!(read("[]"), Err(Refusal::Unreadable(_))));
    assert_eq!(read(r#"{"value":null,"nextLink":""}"#).unwrap().next, None);
}
