use http::Request;

use super::*;

const KEY: &str = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5";

/// Method, URL, headers, signature.
type Recorded = (
    &'static str,
    &'static str,
    Vec<(&'static str, &'static str)>,
    &'static str,
);

/// Requests that azure-storage-blob 12.31.1 built and signed.
fn recorded() -> Vec<Recorded> {
    vec![
        (
            "GET",
            "/azureml?restype=container&comp=list&prefix=ExperimentRun%2Fdcid.x%2Fuser%20logs%2F&include=metadata",
            vec![
                ("x-ms-version", "2026-10-06"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a3152-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:aWmA/9a8bg37S0S1Qr8IErhBDhDkC8DEBD5ku9gRmUE=",
        ),
        (
            "PUT",
            "/azureml/a%20b/%C3%BC%2Bc.txt",
            vec![
                ("content-length", "5"),
                ("x-ms-meta-upload_status", "completed"),
                ("x-ms-meta-name", "n"),
                ("x-ms-meta-version", "1"),
                ("x-ms-blob-type", "BlockBlob"),
                ("x-ms-blob-content-type", "text/plain"),
                ("if-none-match", "*"),
                ("x-ms-version", "2026-10-06"),
                ("content-type", "application/octet-stream"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a610e-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:NJZuOdRDqeK0geFE/qx7xwOpUShoI9lwhzSHUs+xS6Y=",
        ),
        (
            "PUT",
            "/azureml/a%20b/%C3%BC%2Bc.txt?comp=metadata",
            vec![
                ("x-ms-meta-upload_status", "completed"),
                ("x-ms-meta-name", "n"),
                ("x-ms-meta-version", "1"),
                ("x-ms-version", "2026-10-06"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a72ac-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:ftaSTRrQ6Md42k6aUl3CnpOa+zYtiuOsTptIoZS2FPY=",
        ),
        (
            "GET",
            "/azureml/a%20b/%C3%BC%2Bc.txt",
            vec![
                ("x-ms-range", "bytes=0-33554431"),
                ("x-ms-version", "2026-10-06"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a81ca-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:AXqfOsFPq1G0QjBPe50s6l4a3+4sF0rjG3HL2Sp3LPo=",
        ),
        (
            "HEAD",
            "/azureml/a%20b/%C3%BC%2Bc.txt",
            vec![
                ("x-ms-version", "2026-10-06"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a8b5c-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:13ruQx7CU1FRwWKRxs50JAAqwRHJlsqiDANKPyRp6Ew=",
        ),
        (
            "PUT",
            "/azureml/a%20b/%C3%BC%2Bc.txt?comp=block&blockid=WVE9PQ%3D%3D",
            vec![
                ("content-length", "3"),
                ("x-ms-version", "2026-10-06"),
                ("content-type", "application/octet-stream"),
                ("x-ms-date", "Sat, 21 Nov 2026 01:31:28 GMT"),
                (
                    "x-ms-client-request-id",
                    "463a96f6-e54b-11f1-88fa-02fc00000001",
                ),
            ],
            "SharedKey yogistorage:bTeWTQanjwZYqdxnZ7BTE+vX51ywLfD4Z2HacnZnb3c=",
        ),
    ]
}

fn parts(method: &str, url: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[test]
fn requests_of_the_python_client_are_true() {
    for (method, url, headers, authorization) in recorded() {
        let parts = parts(method, url, &headers);
        assert!(
            check(&Key::of(KEY), "yogistorage", &parts, authorization),
            "{method} {url}"
        );
    }
}

#[test]
fn another_request_key_or_account_is_not() {
    let (method, url, headers, authorization) = recorded().swap_remove(0);
    let same = parts(method, url, &headers);
    assert!(!check(
        &Key::of("b3RoZXI="),
        "yogistorage",
        &same,
        authorization
    ));
    assert!(!check(&Key::of(KEY), "other", &same, authorization));
    let other = parts(method, &format!("{url}&x=1"), &headers);
    assert!(!check(&Key::of(KEY), "yogistorage", &other, authorization));
    assert!(!check(
        &Key::of(KEY),
        "yogistorage",
        &same,
        "SharedKey yogistorage:"
    ));
    assert!(!check(&Key::of(KEY), "yogistorage", &same, "Bearer x"));
}
