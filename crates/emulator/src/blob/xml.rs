//! The little XML that blob storage speaks.

use std::fmt::Write as _;

use super::error::BlobError;
use super::listing::{Entry, Page, Wanted};
use super::name::Container;
use super::store::Found;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// The body of an error.
pub(crate) fn error(code: &str, message: &str) -> String {
    format!(
        "{HEAD}<Error><Code>{}</Code><Message>{}</Message></Error>",
        escape(code),
        escape(message)
    )
}

/// The body of List Blobs.
pub(crate) fn blobs(endpoint: &str, container: &Container, wanted: &Wanted, page: &Page) -> String {
    let mut body = format!(
        "{HEAD}<EnumerationResults ServiceEndpoint=\"{}\" ContainerName=\"{}\">",
        escape(endpoint),
        escape(&container.name)
    );
    element(&mut body, "Prefix", &wanted.prefix);
    if let Some(marker) = &wanted.marker {
        element(&mut body, "Marker", marker);
    }
    element(&mut body, "MaxResults", &wanted.most.to_string());
    if let Some(delimiter) = &wanted.delimiter {
        element(&mut body, "Delimiter", delimiter);
    }
    body.push_str("<Blobs>");
    for entry in &page.entries {
        match entry {
            Entry::Folder(name) => {
                body.push_str("<BlobPrefix>");
                element(&mut body, "Name", name);
                body.push_str("</BlobPrefix>");
            }
            Entry::Blob(name, found) => blob(&mut body, name, found, wanted.metadata),
        }
    }
    body.push_str("</Blobs>");
    element(
        &mut body,
        "NextMarker",
        page.next.as_deref().unwrap_or_default(),
    );
    body.push_str("</EnumerationResults>");
    body
}

fn blob(body: &mut String, name: &str, found: &Found, metadata: bool) {
    body.push_str("<Blob>");
    element(body, "Name", name);
    body.push_str("<Properties>");
    element(body, "Creation-Time", &found.modified_http());
    element(body, "Last-Modified", &found.modified_http());
    element(body, "Etag", found.etag.trim_matches('"'));
    element(body, "Content-Length", &found.length.to_string());
    element(body, "Content-Type", &found.attributes.content_type());
    if let Some(md5) = &found.attributes.content_md5 {
        element(body, "Content-MD5", md5);
    }
    element(body, "BlobType", "BlockBlob");
    element(body, "AccessTier", "Hot");
    element(body, "AccessTierInferred", "true");
    element(body, "LeaseStatus", "unlocked");
    element(body, "LeaseState", "available");
    element(body, "ServerEncrypted", "true");
    body.push_str("</Properties>");
    if metadata {
        body.push_str("<Metadata>");
        for (key, value) in &found.attributes.metadata {
            element(body, key, value);
        }
        body.push_str("</Metadata>");
    }
    body.push_str("</Blob>");
}

/// The body of List Containers.
pub(crate) fn containers(endpoint: &str, names: &[String]) -> String {
    let mut body = format!(
        "{HEAD}<EnumerationResults ServiceEndpoint=\"{}\"><Containers>",
        escape(endpoint)
    );
    for name in names {
        body.push_str("<Container>");
        element(&mut body, "Name", name);
        body.push_str("<Properties/></Container>");
    }
    body.push_str("</Containers><NextMarker/></EnumerationResults>");
    body
}

/// The body of Get Block List, committed blocks only.
pub(crate) fn block_list(committed: &[(String, u64)], staged: &[(String, u64)]) -> String {
    let mut body = format!("{HEAD}<BlockList>");
    for (tag, blocks) in [
        ("CommittedBlocks", committed),
        ("UncommittedBlocks", staged),
    ] {
        let _ = write!(body, "<{tag}>");
        for (id, size) in blocks {
            body.push_str("<Block>");
            element(&mut body, "Name", id);
            element(&mut body, "Size", &size.to_string());
            body.push_str("</Block>");
        }
        let _ = write!(body, "</{tag}>");
    }
    body.push_str("</BlockList>");
    body
}

/// The block ids that a Put Block List asks for, in order.
///
/// A scan of flat elements, not an XML parser: the document has one level and no attributes, and
/// base64 needs no escapes.
pub(crate) fn wanted_blocks(body: &str) -> Result<Vec<String>, BlobError> {
    let invalid = || {
        BlobError::new(
            http::StatusCode::BAD_REQUEST,
            "InvalidXmlDocument",
            "The specified XML is not syntactically valid.",
        )
    };
    let start = body.find("<BlockList").ok_or_else(invalid)?;
    let mut rest = body
        .get(start..)
        .and_then(|b| b.split_once('>'))
        .ok_or_else(invalid)?
        .1;
    let mut ids = Vec::new();
    loop {
        let (_, tagged) = match rest.split_once('<') {
            Some(parts) => parts,
            None if ids.is_empty() => return Ok(ids),
            None => return Err(invalid()),
        };
        if tagged.starts_with("/BlockList") {
            return Ok(ids);
        }
        let (tag, after) = tagged.split_once('>').ok_or_else(invalid)?;
        if !matches!(tag, "Latest" | "Committed" | "Uncommitted") {
            return Err(invalid());
        }
        let (id, after) = after.split_once("</").ok_or_else(invalid)?;
        ids.push(id.trim().to_owned());
        rest = after.split_once('>').ok_or_else(invalid)?.1;
    }
}

fn element(body: &mut String, tag: &str, text: &str) {
    if text.is_empty() {
        let _ = write!(body, "<{tag}/>");
    } else {
        let _ = write!(body, "<{tag}>{}</{tag}>", escape(text));
    }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Control characters cannot be written in XML 1.0 at all.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_list_is_read_in_order() {
        let body = "<?xml version='1.0' encoding='utf-8'?>\n<BlockList><Latest>YQ==</Latest>\
                    <Uncommitted> Yg== </Uncommitted>\n</BlockList>";
        assert_eq!(wanted_blocks(body).unwrap(), ["YQ==", "Yg=="]);
        assert!(wanted_blocks("<BlockList></BlockList>").unwrap().is_empty());
        for bad in [
            "",
            "<Other/>",
            "<BlockList><Latest>x",
            "<BlockList><Nope>x</Nope></BlockList>",
        ] {
            assert!(wanted_blocks(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn text_cannot_break_out_of_an_element() {
        assert_eq!(escape("a<b>&\"c\u{1}"), "a&lt;b&gt;&amp;&quot;c\u{fffd}");
    }
}
