//! Code, sizes, places and further attempts.

use serde_json::{Map, Value, json};

use super::pen::Pen;

fn asset(pen: &mut Pen, kind: &str) -> Value {
    let id = format!(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/{kind}/c/versions/1"
    );
    let right = pen
        .pick(&["azureml:src:3", "azureml:src.a@latest", &id])
        .to_owned();
    pen.pattern(1_024, &right, "src:3")
}

fn relative(pen: &mut Pen) -> Value {
    pen.pattern(256, "lib/util.py", "../util.py")
}

pub(super) fn code(pen: &mut Pen) -> Value {
    pen.one_of(&[
        ("configMaps", &config_maps),
        ("asset", &|pen| asset(pen, "codes")),
        ("uri", &|pen| {
            let right = "https://account.blob.core.windows.net/container/folder";
            pen.pattern(
                1_024,
                right,
                "https://account.blob.core.windows.net/container",
            )
        }),
        ("sourceRef", &|pen| {
            let mut source = json!({
                "kind": pen.word(&["GitRepository", "OCIRepository", "Bucket"]),
                "name": pen.name(253),
            });
            if pen.one_in(2)
                && let Some(fields) = source.as_object_mut()
            {
                let path = if pen.one_in(9) {
                    json!("/jobs")
                } else {
                    relative(pen)
                };
                fields.insert("path".to_owned(), path);
            }
            source
        }),
    ])
}

fn config_maps(pen: &mut Pen) -> Value {
    pen.list(1, 10, |pen, at| {
        if !pen.one_in(3) {
            return json!({"name": format!("src-{at}")});
        }
        let items = pen.list(
            1,
            100,
            |pen, at| json!({"key": format!("key-{at}"), "path": relative(pen)}),
        );
        json!({"name": format!("src-{at}"), "items": items})
    })
}

pub(super) fn entry(pen: &mut Pen) -> Value {
    let class = |pen: &mut Pen| pen.pattern(512, "com.example.Word_1$", "com..Word");
    let file = |pen: &mut Pen| pen.pattern(256, "jobs/main.py", "main.sh");
    if pen.one_in(4) {
        pen.one_of(&[("file", &file), ("className", &class)])
    } else {
        pen.one_of(&[("file", &file)])
    }
}

/// Of the code, or by address; none of them twice, mostly.
pub(super) fn files(pen: &mut Pen) -> Value {
    pen.list(0, 50, |pen, at| {
        let right = pen
            .pick(&[
                "lib/a",
                "azureml://datastores/d/paths/b",
                "https://a/b",
                "abfss://c@a/b",
                "wasbs://c@a/b",
            ])
            .to_owned();
        pen.pattern(512, &format!("{right}-{at}"), "/lib/a")
    })
}

fn memory(pen: &mut Pen) -> Value {
    let right = pen.pick(&["2g", "512M", "1t", "12345678901k", "3P"]);
    pen.pattern(11, right, "2")
}

pub(super) fn driver(pen: &mut Pen) -> Value {
    json!({"cores": pen.number(1, 256), "memory": memory(pen)})
}

pub(super) fn executor(pen: &mut Pen) -> Value {
    let mut executor = json!({"cores": pen.number(1, 256), "memory": memory(pen)});
    // Needed without dynamic allocation.
    if !pen.one_in(20)
        && let Some(fields) = executor.as_object_mut()
    {
        let few = [json!(1), json!(2), json!(3), pen.number(1, 10_000)];
        let at = pen.below(few.len());
        fields.insert(
            "instances".to_owned(),
            few.into_iter().nth(at).unwrap_or_default(),
        );
    }
    executor
}

pub(super) fn dynamic(pen: &mut Pen) -> Value {
    json!({"minExecutors": pen.number(1, 2), "maxExecutors": pen.number(2, 10_000)})
}

pub(super) fn conf(pen: &mut Pen) -> Value {
    let mut conf = pen.map(100, 2_048);
    let more: Vec<(&str, &str)> = match pen.below(12) {
        0 => vec![("spark.executor.cores", "4")],
        1 => vec![("spark.hadoop.fs.azure.sas.c.a", "k")],
        2 => vec![("spark.a", "x?sig=abc")],
        3 => vec![("fs.azure.account.oauth2.client.secret.a", "k")],
        _ => vec![("spark.sql.shuffle.partitions", "8")],
    };
    if let Some(fields) = conf.as_object_mut()
        && fields.len() < 100
    {
        fields.extend(
            more.into_iter()
                .map(|(key, value)| (key.to_owned(), json!(value))),
        );
    }
    conf
}

/// What a conda file says is not for a schema to tell: it is always one.
pub(super) fn environment(pen: &mut Pen) -> Value {
    pen.one_of(&[
        ("asset", &|pen| asset(pen, "environments")),
        ("conda", &|_| json!("dependencies: [python=3.10]")),
        (
            "condaConfigMapKeyRef",
            &|pen| json!({"name": pen.name(253), "key": pen.name(253)}),
        ),
    ])
}

pub(super) fn compute(pen: &mut Pen) -> Value {
    pen.one_of(&[
        ("attachmentRef", &|pen| json!({"name": pen.name(253)})),
        ("name", &|pen| pen.pattern(64, "their_pool-1", "their pool")),
        ("serverless", &|pen| {
            json!({"instanceType": pen.text(1, 64), "runtimeVersion": pen.pattern(16, "3.4", "latest")})
        }),
    ])
}

pub(super) fn identity(pen: &mut Pen) -> Value {
    let mut identity = Map::new();
    identity.insert(
        "type".to_owned(),
        pen.word(&["Managed", "Managed", "UserIdentity"]),
    );
    let managed = identity.get("type").and_then(Value::as_str) == Some("Managed");
    if managed != pen.one_in(60) && pen.one_in(2) {
        identity.insert("clientId".to_owned(), pen.text(1, 64));
    } else if managed && pen.one_in(2) {
        identity.insert("resourceId".to_owned(), pen.text(1, 512));
    }
    if pen.one_in(90) {
        identity.insert("resourceId".to_owned(), json!("/r"));
    }
    Value::Object(identity)
}

pub(super) fn retry(pen: &mut Pen) -> Value {
    let mut retry =
        json!({"maxAttempts": pen.number(1, 10), "backoffSeconds": pen.number(1, 3_600)});
    if pen.one_in(2)
        && let Some(fields) = retry.as_object_mut()
    {
        let causes = pen.list(1, 3, |pen, at| match at {
            0 => pen.word(&["Platform"]),
            1 => json!("Script"),
            _ => json!("StartDeadline"),
        });
        fields.insert("causes".to_owned(), causes);
    }
    retry
}
